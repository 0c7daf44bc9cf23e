import pytest

from lmtx_search.sources.html_text import html_text


def test_paragraphs_are_lines_and_entities_characters():
    html = "<h1>Chess</h1>\n<p>Plays <b>chess</b> &amp;&nbsp;go</p><ul><li>one<li>two</ul>"
    assert html_text(html) == "Chess\nPlays chess & go\none\ntwo"


def test_marks_inside_of_a_line_break_no_word():
    assert html_text("<big>A</big>nnual <kbd>r</kbd>eport, <ins>n</ins>ew") == "Annual report, new"


def test_what_nobody_sees_is_left_out():
    html = "<head><title>T</title><style>p {}</style></head><p>seen</p><script>1 < 2</script>"
    assert html_text(html) == "T\nseen"


def test_a_text_without_tags_stays():
    assert html_text("a < b & c\nd") == "a < b & c\nd"


def test_broken_html_is_read_as_far_as_it_goes():
    assert html_text("<p>open <b>bold</p></div> rest") == "open bold\nrest"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one <![foo bar]>two</p>", "one two"),
        ("<p>one <![gte mso 9]>two<![endif]></p>", "one two"),
        ("<p>one <![ two</p><p>three</p>", "one\nthree"),
        ("<p>one</p><![ two", "one"),
        ("<pre><![CDATA[if (a < b) c(&amp;);]]></pre>two", "if (a < b) c(&amp;);\ntwo"),
        ("<p>one <![CDATA[two", "one two"),
    ],
)
def test_marked_sections_are_no_text_but_character_data_is(html, text):
    assert html_text(html) == text
