"""The text of HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNSEEN = ("script", "style", "template")
# All other elements begin a line.
_INLINE = {"a", "abbr", "b", "code", "em", "font", "i", "mark", "q", "s", "small", "span"}
_INLINE |= {"strong", "sub", "sup", "time", "u", "wbr"}
_INLINE |= {"acronym", "bdi", "bdo", "big", "cite", "data", "del", "dfn", "ins", "kbd", "nobr"}
_INLINE |= {"ruby", "samp", "strike", "tt", "var"}
# Names of publishers' XML (JATS).
_INLINE |= {"italic", "bold"}
_JATS = re.compile(r"(</?)jats:", re.IGNORECASE)
_RUNNING = (
    r"(?:p|div|span|a|b|i|u|em|strong|bold|italic|sub|sup|ul|ol|li|h[1-6]|title|sec|blockquote|"
    r"table|tr|td|th|br|hr|img)(?![\w-])"
)
# A pair of tags, or a line break as in XHTML. A word in angle brackets is neither.
_MARKED_UP = re.compile(rf"<({_RUNNING})[^<>]*>.*?</\1\s*>|<br\s*/>", re.DOTALL | re.IGNORECASE)
_NO_TAG = re.compile(rf"<(?!/?{_RUNNING}[^<>]*>)", re.IGNORECASE)
_CDATA, _END_OF_CDATA = "<![CDATA[", "]]>"
_BLANKS, _LINES = re.compile(r"[ \t\r\f\v\u00a0]+"), re.compile(r" ?\n[ \n]*")


def html_text(html: str) -> str:
    """Return the visible text, one line per paragraph; a text without tags is not changed.

    >>> html_text("<p>Plays <b>chess</b> &amp; go</p><p>on the web</p>")
    'Plays chess & go\\non the web'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _LINES.sub("\n", _BLANKS.sub(" ", "".join(reader.parts))).strip()


def plain_or_html_text(text: str) -> str:
    """Return the text of a field whose format does not say whether it holds HTML.

    It counts as HTML if it contains a pair of tags of running text. Other angle brackets are
    characters.

    >>> plain_or_html_text("<p>H<sub>2</sub>O &amp; a<b, vector<int></p>")
    'H2O & a<b, vector<int>'
    >>> plain_or_html_text("vector<int> &amp; the <template> element")
    'vector<int> &amp; the <template> element'
    """
    plain = _JATS.sub(r"\1", text)
    return html_text(_NO_TAG.sub("&lt;", plain)) if _MARKED_UP.search(plain) else text


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _UNSEEN:
            self._within.append(tag)
        elif tag not in _INLINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            self._within.remove(tag)
        elif tag not in _INLINE:
            self.parts.append("\n")

    def parse_html_declaration(self, i: int) -> int:
        """Return the end of a declaration; the parser raises errors for most of XML's sections."""
        page = self.rawdata
        if not page.startswith("<![", i):
            return super().parse_html_declaration(i)
        if page.startswith(_CDATA, i):
            begin = i + len(_CDATA)
            end = _found(page, _END_OF_CDATA, begin)
            self.handle_data(page[begin:end])
            return min(end + len(_END_OF_CDATA), len(page))
        # Browsers read it as a comment: `<![if !vml]>` of Word, for example.
        return min(_found(page, ">", i) + 1, len(page))

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.parts.append(data)


def _found(page: str, mark: str, start: int) -> int:
    """Return the place of a mark, or the end of the page."""
    place = page.find(mark, start)
    return len(page) if place < 0 else place
