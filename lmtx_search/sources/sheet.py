"""Spreadsheets as tables of documents: the first row of a sheet names the fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_header import Column, columns_of
from lmtx_search.sources.lines import real_file
from lmtx_search.sources.office.files import require_office
from lmtx_search.sources.office.sheets import count_beside_cells, sheet_rows
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row

SHEET_ENDINGS = (".xlsx", ".xls", ".ods")


def read_sheet(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield a row of fields for each row below the first of each visible sheet.

    Empty cells are ignored. Columns with the same name become a list of values. A value in a column
    without a name makes the row a bad line. Text boxes and comments belong to no field; they are
    counted as left out.

    Raises:
        UserError: the file does not exist, or cannot be read.
        MissingExtra: the extra ``office`` is not installed.
    """
    require_office()
    file = real_file(path)
    if not file.is_file():
        raise UserError(f"no such file: {path}")
    sheet, columns, names = None, list[Column](), tuple[str, ...]()
    try:
        for name, number, cells in sheet_rows(file, options.left_out):
            if name != sheet:
                sheet, columns = name, columns_of(cells, options.notes)
                names = tuple(column.name for column in columns)
            elif any(cells[len(columns) :]):
                where = f"{path}, sheet {name}"
                reason = "more values than the first row has names"
                yield BadLine(where, number, reason, json.dumps(cells, ensure_ascii=False)[:1000])
            else:
                yield Row(number, _fields(columns, cells), columns=names)
        count_beside_cells(file, options.left_out)
    except UserError as error:
        raise UserError(f"{path} {error}") from error


def _fields(columns: list[Column], cells: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for column, value in zip(columns, cells, strict=False):
        if not value:
            continue
        if column.repeated:
            fields.setdefault(column.name, []).append(value)
        else:
            fields[column.name] = value
    return fields
