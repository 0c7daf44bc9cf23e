"""Rows of tickets, as a test compares them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row


def fields_of(reader: Any, path: Path, options: ReadOptions | None = None) -> list[dict[str, Any]]:
    rows = list(reader(path, options or ReadOptions()))
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.fields for row in rows]
