"""Rows of spreadsheets: .xlsx by openpyxl, .xls and .ods by python-calamine."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.archive import open_archive
from lmtx_search.sources.office.beside_cells import BesideCells
from lmtx_search.sources.office.ods import prepared_ods
from lmtx_search.sources.office.ods_beside_cells import ods_beside_cells
from lmtx_search.sources.office.xlsx_beside_cells import xlsx_beside_cells

Cells = list[str]
_ZEROS = re.compile(r"0{2,}")
_UNKNOWN = "formulas without a stored result"
# Of an .xls file, nothing is known but the cells.
_BESIDE = {".xlsx": xlsx_beside_cells, ".ods": ods_beside_cells}


def sheet_rows(path: Path, left_out: LeftOut) -> Iterator[tuple[str, int, Cells]]:
    """Yield each row with a value: the name of its sheet, its number from 1, its cells as texts.

    Texts are not changed ("007"), whole numbers have no decimal point, dates are ISO. In .xlsx and
    .ods, numbers keep the zeros that their format writes before them. Hidden sheets and formulas
    without a stored result are left out and counted (in .xls, such formulas are not known).

    Raises:
        UserError: the file cannot be read.
    """
    rows = _xlsx(path, left_out) if path.suffix.lower() == ".xlsx" else _calamine(path, left_out)
    for sheet, number, values in rows:
        cells = [_text(value) for value in values]
        if any(cells):
            yield sheet, number, cells


def sheets_text(path: Path, left_out: LeftOut) -> str:
    """Return all cells of a spreadsheet as one text, one row per line.

    Text boxes and comments of the visible sheets follow (not those of .xls files).

    Raises:
        UserError: the file cannot be read, or is empty.
    """
    lines = [" ".join(filter(None, cells)) for _, _, cells in sheet_rows(path, left_out)]
    for found in _beside_cells(path):
        lines += found.boxes + found.comments
        _count(found.unread, path, found.sheet, left_out)
    if not lines:
        raise UserError("holds no text: its sheets are empty")
    return "\n".join(lines)


def count_beside_cells(path: Path, left_out: LeftOut) -> None:
    """Count what belongs to no row of the visible sheets: text boxes, comments, objects.

    Raises:
        UserError: the file cannot be read.
    """
    for found in _beside_cells(path):
        texts = {"text boxes of sheets": len(found.boxes), "comments": len(found.comments)}
        _count(found.unread + Counter(texts), path, found.sheet, left_out)


def _beside_cells(path: Path) -> Iterator[BesideCells]:
    if reader := _BESIDE.get(path.suffix.lower()):
        with open_archive(path) as archive:
            yield from reader(archive)


def _count(counts: Counter[str], path: Path, sheet: str, left_out: LeftOut) -> None:
    for kind, count in counts.items():
        left_out.add(kind, f"{path.name}, {sheet}", count)


def _xlsx(path: Path, left_out: LeftOut) -> Iterator[tuple[str, int, Sequence[Any]]]:
    from openpyxl import load_workbook

    with open_archive(path):  # raises a clear error for a damaged archive
        pass
    try:
        values = load_workbook(path, read_only=True, data_only=True)
        formulas = load_workbook(path, read_only=True)
    except Exception as error:  # openpyxl does not catch the errors of its parsers
        raise _unreadable(path, error) from error
    try:
        for sheet in values.worksheets:
            if sheet.sheet_state != "visible":
                left_out.add("hidden sheets", f"{path.name}, {sheet.title}")
                continue
            asked_for = formulas[sheet.title]
            for one in (sheet, asked_for):
                # Many programs write a wrong dimension, and openpyxl would read nothing beyond it.
                one.reset_dimensions()
            both = zip(sheet.iter_rows(), asked_for.iter_rows(values_only=True), strict=False)
            for number, (cells, asked) in enumerate(both, 1):
                row = [_shown(cell) for cell in cells]
                # A formula may be an object, which stands for several cells.
                unknown = sum(
                    value is None and formula is not None
                    for value, formula in zip(row, asked, strict=False)
                )
                where = f"{path.name}, {sheet.title}, row {number}"
                left_out.add(_UNKNOWN, where, unknown)
                yield sheet.title, number, row
    except UserError:
        raise
    except Exception as error:
        raise _unreadable(path, error) from error
    finally:
        values.close()
        formulas.close()


def _calamine(path: Path, left_out: LeftOut) -> Iterator[tuple[str, int, Sequence[Any]]]:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    try:
        is_ods = path.suffix.lower() == ".ods"
        copy, unknown = prepared_ods(path) if is_ods else (None, list[int]())
        workbook = (
            CalamineWorkbook.from_filelike(copy) if copy else CalamineWorkbook.from_path(str(path))
        )
        for place, sheet in enumerate(workbook.sheets_metadata):
            if sheet.visible != SheetVisibleEnum.Visible:
                left_out.add("hidden sheets", f"{path.name}, {sheet.name}")
                continue
            left_out.add(_UNKNOWN, f"{path.name}, {sheet.name}", sum(unknown[place : place + 1]))
            rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            for number, row in enumerate(rows, 1):
                yield sheet.name, number, row
    except UserError:
        raise
    except Exception as error:  # CalamineError, and the errors of its parsers
        raise _unreadable(path, error) from error


def _shown(cell: Any) -> Any:
    """Return the value of a cell of openpyxl; a number whose format is 000 is the text 007."""
    value = cell.value
    if isinstance(value, str) and "_x" in value:
        from openpyxl.utils.escape import unescape

        # A character beyond U+FFFF is written as two.
        whole = str(unescape(value)).encode("utf-16", "surrogatepass")
        return whole.decode("utf-16", "replace")
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if is_whole and not isinstance(value, bool) and _ZEROS.fullmatch(cell.number_format):
        return ("-" if value < 0 else "") + str(abs(int(value))).zfill(len(cell.number_format))
    return value


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(
        f"cannot be read as a spreadsheet ({type(error).__name__}: {str(error)[:100]})"
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value).strip()
