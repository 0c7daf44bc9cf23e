"""Reads the fields of a document from a MARC record."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from lmtx_search.sources.html_text import plain_or_html_text

if TYPE_CHECKING:
    from pymarc import Field, Record

_HEADINGS = ("600", "610", "611", "630", "647", "648", "650", "651")
# A German subject chain has one field for each of its links.
_CHAIN = "689"
_TITLE = "abnp"
_NOTES = (("520", "ab"), ("505", "agrt"), ("500", "a"))
_SUBDIVISIONS = "vxyz"
# Around a leading article that catalogues do not sort by. Those of German catalogues are pairs.
_NOT_SORTED = dict.fromkeys((0x88, 0x89, 0x98, 0x9C))
_NOT_SORTED_PAIR = re.compile(
    r"\u00ac(\S(?:[^\u00ac]{0,50}\S)?)\u00ac|<<(\S(?:[^<>]{0,50}[^\s<>])?)>>"
)
_ISBD = " /:;,=+"
_AUTHORITY = re.compile(r"\((?P<of>[^)]+)\)(?P<id>\S+)")
_GND = "https://d-nb.info/gnd/"
# DE-588c: subject headings, before they became a part of the GND with the same numbers.
_ADDRESSES = {"DE-588": _GND, "DE-588c": _GND, "uri": ""}


def record_fields(record: Record) -> dict[str, Any]:
    """Return the fields of a document.

    ``id`` is the control number, ``title`` the title with its parts (245 a, b, n, p), ``text`` the
    summary, contents and notes (520, 505, 500). The same fields in the original script (880) are
    part of ``text``. ``subjects`` are headings as texts, subdivisions after ``--``;
    ``subject_ids`` their authority ids ($0, $1): addresses (those of the GND are made), or, where a
    heading has none, the ids as they are written (``(OCoLC)fst00867774``); ``keywords`` are
    uncontrolled terms (653). All texts are NFC, without HTML, marks around articles, and ISBD
    punctuation at the end.
    """
    title = " ".join(_parts(record, "245", _TITLE))
    notes = [text for tag, codes in _NOTES for text in _joined(record, tag, codes)]
    for tag, codes in (("245", _TITLE), *_NOTES):
        notes += [text.rstrip(_ISBD) for text in _in_original_script(record, tag, codes)]
    headings = record.get_fields(*_HEADINGS, _CHAIN)
    control = record.get("001")
    fields: dict[str, Any] = {
        "id": _text(control.data or "") if control else "",
        "title": title.rstrip(_ISBD),
        "text": "\n".join(notes),
        "authors": _unique([*_parts(record, "100", "a"), *_parts(record, "700", "a")]),
        "subjects": _unique(list(map(_heading, headings))),
        "subject_ids": _unique([id_ for field in headings for id_ in _ids(field)]),
        "keywords": _unique(_parts(record, "653", "a")),
    }
    return {name: value for name, value in fields.items() if value}


def _heading(field: Field) -> str:
    """Return a heading without the subfields for links, sources and roles."""
    main = [one.value for one in field.subfields if one.code in "abcdgnpt"]
    below = [one.value for one in field.subfields if one.code in _SUBDIVISIONS]
    if field.tag == _CHAIN:
        below = []
    parts = [_text(" ".join(main)).rstrip(_ISBD), *(_text(one).rstrip(_ISBD) for one in below)]
    return "--".join(part.removesuffix(".") if len(part) > 2 else part for part in parts if part)


def _ids(field: Field) -> list[str]:
    """Return the addresses of a heading; without any, its ids as they are written."""
    addresses, others = [], []
    for value in map(str.strip, field.get_subfields("0", "1")):
        match = _AUTHORITY.fullmatch(value)
        if match is None:
            addresses.append(value)
        elif match["of"] in _ADDRESSES:
            addresses.append(_ADDRESSES[match["of"]] + match["id"])
        else:
            others.append(value)
    return addresses or others


def _joined(record: Record, tag: str, codes: str) -> list[str]:
    return [_line(field, codes) for field in record.get_fields(tag)]


def _in_original_script(record: Record, tag: str, codes: str) -> list[str]:
    """Return the fields 880 that repeat a field; their $6 begins with its tag."""
    repeated = (
        field
        for field in record.get_fields("880")
        if any(link.startswith(f"{tag}-") for link in field.get_subfields("6"))
    )
    return [line for field in repeated if (line := _line(field, codes))]


def _line(field: Field, codes: str) -> str:
    return " ".join(_text(one.value) for one in field.subfields if one.code in codes)


def _parts(record: Record, tag: str, codes: str) -> list[str]:
    return [
        text if tag == "245" else text.rstrip(_ISBD)
        for field in record.get_fields(tag)
        for one in field.subfields
        if one.code in codes and (text := _text(one.value))
    ]


def _text(value: str) -> str:
    sorted_by = _NOT_SORTED_PAIR.sub(lambda found: found[1] or found[2], value)
    plain = plain_or_html_text(sorted_by.translate(_NOT_SORTED))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _unique(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))
