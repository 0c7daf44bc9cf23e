"""What the sheets of an .xlsx file show beside their cells: text boxes, comments and objects."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.sources.office.archive import (
    Relation,
    local_name,
    parse_xml,
    read_member,
    relations,
)
from lmtx_search.sources.office.beside_cells import BesideCells
from lmtx_search.sources.office.unread_objects import EMBEDDED, unread_objects

_EMBEDDED = ("oleObject", "package")
_DAMAGED = "drawings and comments that cannot be read"


def xlsx_beside_cells(archive: zipfile.ZipFile) -> Iterator[BesideCells]:
    """Yield what each visible sheet shows beside its cells.

    Raises:
        UserError: the file cannot be read.
    """
    for sheet, part in _visible(archive):
        yield _beside_cells(archive, sheet, part)


def _visible(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield the name and the part of each visible sheet."""
    told = (one.target for one in relations(archive) if one.kind == "officeDocument")
    book = next(told, "xl/workbook.xml")
    parts = {one.id: one.target for one in relations(archive, book)}
    for sheet in parse_xml(read_member(archive, book), book).iter():
        if local_name(sheet) != "sheet" or sheet.get("state", "visible") != "visible":
            continue
        ids = (value for name, value in sheet.attrib.items() if name.endswith("}id"))
        if part := parts.get(next(ids, "")):
            yield sheet.get("name", ""), part


def _beside_cells(archive: zipfile.ZipFile, sheet: str, part: str) -> BesideCells:
    found = BesideCells(sheet)
    try:
        related = relations(archive, part)
    except UserError:
        related, found.unread[_DAMAGED] = [], 1
    found.unread[EMBEDDED] = sum(one.kind in _EMBEDDED for one in related)
    threads = any(one.kind == "threadedComment" for one in related)
    for relation in related:
        if relation.kind in ("drawing", "comments", "threadedComment"):
            try:
                _add(archive, relation, threads, found)
            except UserError:
                found.unread[_DAMAGED] += 1
    return found


def _add(archive: zipfile.ZipFile, relation: Relation, threads: bool, found: BesideCells) -> None:
    root = parse_xml(read_member(archive, relation.target), relation.target)
    if relation.kind == "drawing":
        found.unread += unread_objects(root)
        found.boxes += _boxes(root)
    elif relation.kind == "threadedComment":
        found.comments += _texts(root, "threadedComment")
    else:
        found.comments += _texts(root, "comment", without=_repeated(root) if threads else ())


def _boxes(drawing: Any) -> Iterator[str]:
    for box in drawing.iter():
        if local_name(box) != "txBody" or _is_hidden(box):
            continue
        paragraphs = (_text(one) for one in box if local_name(one) == "p")
        if text := "\n".join(filter(None, paragraphs)):
            yield text


def _is_hidden(box: Any) -> bool:
    """Return whether a shape is not shown, or repeats another for older versions."""
    marks = (one for one in box.getparent().iter() if local_name(one) == "cNvPr")
    hidden = any(mark.get("hidden") in ("1", "true") for mark in marks)
    return hidden or any(local_name(above) == "Fallback" for above in box.iterancestors())


def _repeated(comments: Any) -> tuple[str, ...]:
    """Return the authors of comments that repeat a thread for older versions of Excel."""
    authors = [one for one in comments.iter() if local_name(one) == "author"]
    return tuple(str(n) for n, one in enumerate(authors) if (one.text or "").startswith("tc="))


def _texts(root: Any, kind: str, without: tuple[str, ...] = ()) -> Iterator[str]:
    for one in root.iter():
        if local_name(one) == kind and one.get("authorId") not in without and (text := _text(one)):
            yield text


def _text(element: Any) -> str:
    """Return the letters inside an element, without readings of Japanese characters."""
    letters = {"t": "", "text": "", "br": "\n"}
    pieces = (
        (one.text or "") or letters[local_name(one)]
        for one in element.iter()
        if local_name(one) in letters
        and not any(local_name(above) == "rPh" for above in one.iterancestors())
    )
    return "".join(pieces).strip()
