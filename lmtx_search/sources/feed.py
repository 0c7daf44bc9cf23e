"""RSS and Atom feeds, also as exports of web sites."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax import SAXParseException

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.blogger import KIND, unpublished_of_blogger
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.lines import opened
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row
from lmtx_search.sources.wordpress import is_wordpress, unpublished, without_shortcodes
from lmtx_search.sources.xml_root import root_name

# What tells other formats that are XML.
_OTHER_FORMATS = {b"http://www.openarchives.org/OAI/": "oai", b"loc.gov/MARC21/slim": "marc"}
_ROOTS = ("rss", "rdf", "feed")
_HTML = ("text/html", "application/xhtml+xml")


def read_feed(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield a row for each entry: ``id``, ``title``, ``text``, ``url``, ``date``, ``categories``.

    The text is an entry's whole content, or its summary if it has none. HTML is read without its
    tags; plain text is not changed. After an error in the XML, entries may be lost; a
    :class:`BadLine` at the end reports this.

    Of an export of WordPress or Blogger, only published posts and pages are read, unless
    ``options.everything`` is set. Omitted items are counted by reason. The id is that of the post.

    Raises:
        UserError: no such file, or it is not a feed.
        MissingExtra: feedparser is not installed.
    """
    parsed = _parsed(path)
    for entry in parsed.entries:
        wordpress = is_wordpress(entry)
        reason = unpublished(entry) if wordpress else unpublished_of_blogger(entry)
        if reason and not options.everything:
            id_ = entry.get("wp_post_id") if wordpress else entry.get("id")
            options.left_out.add(reason, f"{id_}: {entry.get('title', '')}")
        else:
            yield Row(0, _fields(entry, parsed.version.startswith("atom")))
    fault, line = _fault(parsed)
    if fault:
        reason = f"not well-formed: {fault}; entries after it may be lost"
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
        # As a stream, because feedparser would open a text that is an address or a path.
        data = stream.read()
    parsed = feedparser.parse(BytesIO(data))
    if any(entry.get("key") and entry.get("project") for entry in parsed.entries):
        raise UserError(
            f"{path} is an XML export of Jira, whose descriptions feeds do not have: export CSV, "
            "or save answers of its REST API, and read it with --format jira"
        )
    root = root_name(data)
    # feedparser finds entries in any XML.
    is_other = bool(root) and root.rpartition(":")[2].lower() not in _ROOTS
    if is_other or not parsed.entries:
        fault, line = _fault(parsed)
        named = next((one for mark, one in _OTHER_FORMATS.items() if mark in data), "")
        why = f": read it with --format {named}" if named else f": {fault}" if fault else ""
        if is_other and not why:
            why = f": its root is <{root}>; convert it to JSONL, one object per line"
        raise UserError(
            str(BadLine(str(path), line, f"is not an RSS or Atom feed with entries{why}"))
        )
    return parsed


def _fault(parsed: Any) -> tuple[str, int]:
    """Return the problem of the XML ("" if it has none), and its line."""
    error = parsed.get("bozo_exception")
    # feedparser's other complaints are about wrongly declared character sets.
    if not isinstance(error, SAXParseException):
        return "", 0
    return error.getMessage(), error.getLineNumber() or 0


def _fields(entry: Any, atom: bool) -> dict[str, Any]:
    content = list(filter(None, map(_text, entry.get("content", []))))
    if is_wordpress(entry):
        content = list(map(without_shortcodes, content))
    url = _url(entry, atom)
    fields = {
        "id": (entry.get("wp_post_id") if is_wordpress(entry) else entry.get("id")) or url,
        "title": " ".join(_text(entry.get("title_detail")).split()),
        "text": "\n".join(content) or _text(entry.get("summary_detail")) or _excerpt(entry),
        "url": url,
        "date": _date(entry),
        "categories": [
            tag.term
            for tag in entry.get("tags", [])
            if tag.get("term") and tag.get("scheme") != KIND
        ],
    }
    return {name: value for name, value in fields.items() if value}


def _text(detail: Any) -> str:
    """Return the text of a title, a summary or a content; "" if it is a picture or a sound."""
    kind = detail.get("type", "") if detail else ""
    if kind in _HTML:
        return html_text(detail.value)
    return detail.value.strip() if kind.startswith("text/") else ""


def _excerpt(entry: Any) -> str:
    """Return the excerpt of a WordPress post; some posts have no other text."""
    return html_text(str(entry.get("excerpt_encoded", "")))


def _url(entry: Any, atom: bool) -> str | None:
    """Return the address of an entry.

    feedparser uses the id if there is no link. This is right for RSS, where a guid is a link unless
    declared otherwise, although some feeds number their items there. The id of an Atom entry is
    only a name.
    """
    links = [link.get("href") for link in entry.get("links", [])]
    link = entry.get("link")
    is_guid = entry.get("guidislink") and not atom and bool(urlsplit(link or "").scheme)
    return link if link in links or is_guid else None


def _date(entry: Any) -> str | None:
    written = entry.get("published_parsed") or entry.get("updated_parsed")
    # WordPress writes the year -0001 into drafts; feedparser reads 2000.
    if not written or entry.get("published", "").startswith("-"):
        return None
    return datetime.fromtimestamp(timegm(written), timezone.utc).isoformat()
