from lmtx_search.cluster.labels.bm25 import bm25_query


def clauses(query):
    return [next(iter(clause["match"].items())) for clause in query["bool"]["should"]]


def test_a_word_that_comes_twice_counts_twice():
    query = bm25_query("Linux, the kernel; linux!")
    assert clauses(query) == [
        ("text", {"query": "the kernel", "boost": 1.0}),
        ("all", {"query": "the kernel", "boost": 1.0}),
        ("text", {"query": "linux", "boost": 2.0}),
        ("all", {"query": "linux", "boost": 2.0}),
    ]


def test_a_long_text_stays_below_the_limit_of_clauses():
    query = bm25_query(" ".join(f"word{number}" for number in range(5000)))
    assert sum(len(clause["query"].split()) for _, clause in clauses(query)) == 800


def test_ideographs_are_words_of_their_own():
    assert clauses(bm25_query("検索"))[0][1]["query"] == "検 索"


def test_a_text_without_words_matches_nothing():
    assert bm25_query(" -- ") == {"match_none": {}}
