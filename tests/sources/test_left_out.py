from lmtx_search.sources.left_out import LeftOut


def test_what_is_left_out_is_counted_by_reason_with_the_first_example():
    left_out = LeftOut()
    assert not left_out
    left_out.add("private posts", "post 3")
    left_out.add("draft posts", "post 4", count=2)
    left_out.add("draft posts", "post 9")
    left_out.add("images", count=0)
    assert left_out.counts == {"draft posts": 3, "private posts": 1}
    assert left_out.total == 4
    assert left_out.lines() == [
        "Left out: 3 draft posts (the first: post 4)",
        "Left out: 1 private posts (the first: post 3)",
    ]
