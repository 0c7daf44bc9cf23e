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

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.parts.append(data)
