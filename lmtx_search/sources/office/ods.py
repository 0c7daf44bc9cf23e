"""Prepares .ods files for calamine, which drops some of what a cell shows."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import BinaryIO

from lmtx_search.sources.office.archive import open_archive, read_member

_CONTENT = "content.xml"
_LINE_BREAK = re.compile(rb"<text:line-break\s*/>")
_TABLE = re.compile(rb"<table:table\s")
# Values of attributes may have a ">".
_CELL = rb'<table:table-cell\b(?:[^>"]|"[^"]*")*'
_CELLS = re.compile(_CELL + rb">")
_FORMULA = re.compile(rb'\stable:formula="')
_TYPED = re.compile(rb"\soffice:value-type=")
# A text with zeros before a number.
_PADDED = re.compile(rb"(" + _CELL + rb")(>\s*<text:p>(-?0\d+)</text:p>)")
_FLOAT = re.compile(rb'\soffice:value-type="float"')
_WHOLE = re.compile(rb'\soffice:value="(-?\d+)(?:\.0*)?"')
_NUMBER = re.compile(rb'\soffice:value(?:-type)?="[^"]*"')


def prepared_ods(path: Path) -> tuple[BinaryIO | None, list[int]]:
    """Return an .ods file with line breaks as characters, and numbers such as 007 as texts.

    It is None if the file itself has them so. The second value is the number of formulas without a
    stored result in each sheet.

    Raises:
        UserError: the file cannot be read.
    """
    with open_archive(path) as archive:
        content = read_member(archive, _CONTENT)
        unknown = [
            sum(
                bool(_FORMULA.search(cell)) and not _TYPED.search(cell)
                for cell in _CELLS.findall(sheet)
            )
            for sheet in _TABLE.split(content)[1:]
        ]
        prepared = _PADDED.sub(_as_text, _LINE_BREAK.sub(b"&#10;", content))
        if prepared == content:
            return None, unknown
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w") as target:
            for name in archive.namelist():
                target.writestr(name, prepared if name == _CONTENT else read_member(archive, name))
    copy.seek(0)
    return copy, unknown


def _as_text(found: re.Match[bytes]) -> bytes:
    """Return the cell of a number as a text, if the text shows the whole number."""
    value = _WHOLE.search(found[1])
    if not _FLOAT.search(found[1]) or value is None or int(value[1]) != int(found[3]):
        return found[0]
    return _NUMBER.sub(b"", found[1]) + b' office:value-type="string"' + found[2]
