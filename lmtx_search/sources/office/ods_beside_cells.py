"""What the sheets of an .ods file show beside their cells."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

from lmtx_search.sources.office.archive import local_name, parse_xml, read_member
from lmtx_search.sources.office.beside_cells import BesideCells
from lmtx_search.sources.office.opendocument import OBJECTS, count_objects, displayed_text

_CONTENT = "content.xml"
# Most files have neither, and a large one takes long to parse.
_MARKS = (b"<office:annotation", b"<draw:")
_BOXES = ("text-box", "custom-shape")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def ods_beside_cells(archive: zipfile.ZipFile) -> Iterator[BesideCells]:
    """Yield what each visible sheet shows beside its cells.

    Raises:
        UserError: the file cannot be read.
    """
    content = read_member(archive, _CONTENT)
    if not any(mark in content for mark in _MARKS):
        return
    root = parse_xml(content, _CONTENT)
    hidden = _hidden_styles(root)
    for sheet in root.iter(f"{_TABLE}table"):
        if sheet.get(f"{_TABLE}style-name") in hidden:
            continue
        found = BesideCells(sheet.get(f"{_TABLE}name", ""))
        found.boxes += _texts(sheet, _BOXES)
        found.comments += _texts(sheet, ("annotation",))
        found.unread[OBJECTS] = count_objects(sheet)
        yield found


def _hidden_styles(root: Any) -> set[str]:
    return {
        properties.getparent().get(properties.getparent().tag.rpartition("}")[0] + "}name")
        for properties in root.iter()
        if local_name(properties) == "table-properties"
        and properties.get(f"{_TABLE}display") == "false"
    }


def _texts(sheet: Any, kinds: tuple[str, ...]) -> Iterator[str]:
    for one in sheet.iter():
        if local_name(one) in kinds and (text := displayed_text(one)):
            yield text
