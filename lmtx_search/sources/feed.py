"""RSS and Atom feeds, also as exports of web sites."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax import SAXParseException

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row, opened


def read_feed(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield a row for each entry: ``id``, ``title``, ``text``, ``url``, ``date``, ``categories``.

    The text is an entry's whole content where it has it, else its summary, without tags. What
    follows a fault in the XML may be lost; that comes out as a :class:`BadLine` at the end.

    Raises:
        UserError: no such file, or it is no feed.
        MissingExtra: feedparser is not installed.
    """
    parsed = _parsed(path)
    for entry in parsed.entries:
        yield Row(0, _fields(entry))
    fault, line = _fault(parsed)
    if fault:
        reason = f"not well-formed: {fault}; what follows may be lost"
        yield BadLine(str(path), line, reason)


def count_entries(path: Path) -> int:
    """Return how many entries a feed has."""
    return len(_parsed(path).entries)


def _parsed(path: Path) -> Any:
    try:
        import feedparser
    except ImportError as error:
        raise MissingExtra("feeds", "reading RSS and Atom") from error
    with opened(path) as stream:
        # As a stream: of a text that is an address or a path it would read what is there.
        parsed = feedparser.parse(BytesIO(stream.read()))
    if not parsed.entries:
        fault, line = _fault(parsed)
        why = f": {fault}" if fault else ""
        raise UserError(str(BadLine(str(path), line, f"is no RSS or Atom feed with entries{why}")))
    return parsed


def _fault(parsed: Any) -> tuple[str, int]:
    """Return what is wrong with the XML ("": nothing), and its line."""
    error = parsed.get("bozo_exception")
    # What else feedparser objects to are declared character sets that were not the right ones.
    if not isinstance(error, SAXParseException):
        return "", 0
    return error.getMessage(), error.getLineNumber() or 0


def _fields(entry: Any) -> dict[str, Any]:
    content = [part.value for part in entry.get("content", []) if part.get("value")]
    written = entry.get("published_parsed") or entry.get("updated_parsed")
    fields = {
        "id": entry.get("id") or entry.get("link"),
        "title": html_text(entry.get("title", "")),
        "text": html_text("\n".join(content) or entry.get("summary", "")),
        "url": entry.get("link"),
        "date": _iso(written) if written else None,
        "categories": [tag.term for tag in entry.get("tags", []) if tag.get("term")],
    }
    return {name: value for name, value in fields.items() if value}


def _iso(written: Any) -> str:
    return datetime.fromtimestamp(timegm(written), timezone.utc).isoformat()
