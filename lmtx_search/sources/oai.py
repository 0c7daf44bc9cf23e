"""Dublin Core from files that an OAI-PMH harvester wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra
from lmtx_search.records import BadLine
from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.lines import opened
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row
from lmtx_search.sources.xml_faults import xml_fault

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_DC = "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc"
_ELEMENTS = "{http://purl.org/dc/elements/1.1/}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def read_oai(path: Path, options: ReadOptions | None = None) -> Iterator[Row | BadLine]:
    """Yield a row of ``id``, ``title``, ``text`` and ``subjects`` for each record.

    ``text`` is the other titles and the descriptions, ``subjects`` can be gold tags, ``languages``
    are those of titles and descriptions (``xml:lang``). Deleted records, and those without Dublin
    Core, are left out. An answer that is an error or a web page, and an incomplete list, are
    reported. Memory is bounded by the longest record; ``line`` is the line of the record.

    Raises:
        UserError: no such file.
        LmtxError: a damaged gzip file.
        MissingExtra: lxml is not installed.
    """
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingExtra("library", "reading OAI-PMH") from error
    options = options or ReadOptions()
    tags = [f"{_OAI}{name}" for name in ("record", "error", "resumptionToken")] + [_DC]
    seen, last = 0, None
    try:
        with opened(path) as stream:
            answers = etree.iterparse(stream, tag=tags, resolve_entities=False, no_network=True)
            for _, element in answers:
                line = element.sourceline or 0
                if element.tag == _DC and _inside_record(element):
                    continue
                if element.tag == f"{_OAI}resumptionToken":
                    last = element.get("completeListSize"), (element.text or "").strip()
                elif element.tag == f"{_OAI}error":
                    reason = f"the answer is an error: {element.get('code')} {element.text or ''}"
                    yield BadLine(str(path), line, reason.strip())
                else:
                    seen += 1
                    if row := _row(element, line, options):
                        yield row
                element.clear()
    except etree.XMLSyntaxError as error:
        yield xml_fault(path, error, answers)
        return
    if not seen:
        reason = "it contains no OAI-PMH record: is it another kind of answer, or a web page?"
        yield BadLine(str(path), 0, reason)
    if last and (last[1] or (last[0] and last[0].isdecimal() and int(last[0]) > seen)):
        size = f" of {int(last[0]):,}" if last[0] and last[0].isdecimal() else ""
        options.notes.append(f"{path} holds only a part of the list: {seen:,}{size} records")


def _inside_record(element: Any) -> bool:
    return any(one.tag == f"{_OAI}record" for one in element.iterancestors())


def _row(element: Any, line: int, options: ReadOptions) -> Row | None:
    header = element.find(f"{_OAI}header")
    id_ = (header.findtext(f"{_OAI}identifier") or "").strip() if header is not None else ""
    if header is not None and header.get("status") == "deleted":
        options.left_out.add("deleted records", id_)
        return None
    core = element if element.tag == _DC else element.find(f".//{_DC}")
    if core is None:
        options.left_out.add("records without Dublin Core", id_)
        return None
    titles, descriptions = _texts(core, "title"), _texts(core, "description")
    languages = {
        one.get(_LANGUAGE)
        for name in ("title", "description")
        for one in core.iterfind(f"{_ELEMENTS}{name}")
    }
    fields = {
        "id": id_ or next(iter(_texts(core, "identifier")), ""),
        "title": next(iter(titles), ""),
        "text": "\n".join([*titles[1:], *descriptions]),
        "subjects": list(dict.fromkeys(_texts(core, "subject"))),
        "authors": _texts(core, "creator"),
        "languages": sorted(languages - {None}),
        "date": next(iter(_texts(core, "date")), ""),
    }
    return Row(line, {name: value for name, value in fields.items() if value})


def _texts(core: Any, name: str) -> list[str]:
    """Return the values of an element; repositories also write HTML into them."""
    texts = ("".join(one.itertext()) for one in core.iterfind(_ELEMENTS + name))
    return list(filter(None, (" ".join(plain_or_html_text(text).split()) for text in texts)))
