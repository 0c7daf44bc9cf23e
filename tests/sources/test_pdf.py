import pytest

from lmtx_search.sources.pdf import whole_words


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("infor-\nmation on", "information on"),
        ("infor-\n\nmation", "information"),
        ("infor\u00ad\nmation", "information"),
        ("infor\u2010 \n mation", "information"),
        ("Ein-\nund Ausgabe", "Ein-\nund Ausgabe"),
        ("Nord-\nSüd", "Nord-\nSüd"),
        ("ISO-\nnorm", "ISO-\nnorm"),
        ("self-\nservice; Self-service", "self-service; Self-service"),
        ("1990-\n1995", "1990-\n1995"),
        ("a list:\n- one\n- two", "a list:\n- one\n- two"),
        ("the end -\nand more", "the end -\nand more"),
    ],
)
def test_words_broken_at_line_ends_are_whole_again(broken, whole):
    assert whole_words(broken) == whole
