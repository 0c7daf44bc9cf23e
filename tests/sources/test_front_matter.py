import pytest

from lmtx_search.sources.front_matter import front_fields, is_draft, split_front_matter


@pytest.mark.parametrize(
    ("text", "fields", "body"),
    [
        (
            "---\ntitle: 'Chess'\ndate: 2020-13-45\nURL: /x\ntags: [chess, 2020, '#go']\n---\nA\n",
            {"title": "Chess", "date": "2020-13-45", "url": "/x"}
            | {"subjects": ["chess", "2020", "go"]},
            "A\n",
        ),
        (
            '+++\r\ntitle = "T"\r\ndate = 2020-01-02\r\n[taxonomies]\r\ntags = ["x"]\r\n+++\r\nA',
            {"title": "T", "date": "2020-01-02", "subjects": ["x"]},
            "A",
        ),
        ("---\ntags: a b\ncategory: c d\n...\nA", {"subjects": ["a", "b", "c d"]}, "A"),
        ("---\nkeywords: a b, c\ntitle:\n---", {"subjects": ["a b", "c"]}, ""),
        ("---\nA rule above and below\n---\nA", {}, "---\nA rule above and below\n---\nA"),
        ("A\n---\ntitle: x\n---\n", {}, "A\n---\ntitle: x\n---\n"),
        ("---\n\ntitle: x\n---\nA", {}, "---\n\ntitle: x\n---\nA"),
        ("---\nNote: remark\n---\nA", {}, "---\nNote: remark\n---\nA"),
        ("+++\nnote = 1\n+++\nA", {}, "+++\nnote = 1\n+++\nA"),
        (
            "---\nDescription: About chess\nsummary: Short\n---\nA",
            {"description": "About chess", "summary": "Short"},
            "A",
        ),
    ],
)  # fmt: skip
def test_a_block_before_the_text_gives_fields(text, fields, body):
    front, rest = split_front_matter(text)
    assert (front_fields(front), rest) == (fields, body)


@pytest.mark.parametrize(
    "block", ["---\na: [b\n---\n", "+++\na = \n+++\n", "---\n" + "[" * 2000 + "\n---\n"]
)
def test_a_block_that_cannot_be_read_is_an_error_of_its_value(block):
    with pytest.raises(ValueError):
        split_front_matter(block)


@pytest.mark.parametrize(
    ("line", "draft"),
    [("draft: true", True), ("published: False", True), ("draft: false", False), ("a: b", False)],
)
def test_drafts_are_marked_by_either_of_two_fields(line, draft):
    assert is_draft(split_front_matter(f"---\n{line}\n---\n")[0]) == draft
