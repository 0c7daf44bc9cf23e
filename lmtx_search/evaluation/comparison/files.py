"""Writes a comparison as a table and a plot."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmtx_search.evaluation.comparison.comparison import MEASURES
from lmtx_search.evaluation.plots import draw_rows, figure, save


def write_files(record: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``comparison.csv`` and ``comparison.svg`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    table, picture = folder / "comparison.csv", folder / "comparison.svg"
    with table.open("w", encoding="utf-8", newline="") as stream:
        _write_table(record["comparators"], stream)
    rows = record["comparators"]
    with figure(11, 1 + 0.5 * len(rows), len(MEASURES)) as (drawn, axes):
        draw_comparison(axes, record)
        save(drawn, picture)
    return [table, picture]


def draw_comparison(axes: list[Any], record: Mapping[str, Any]) -> None:
    """Draw a panel for each of the shown measures."""
    rows = record["comparators"]
    for place, (panel, measure) in enumerate(zip(axes, MEASURES, strict=True)):
        points = {
            shown_name(name, row, record): row["measures"][measure] for name, row in rows.items()
        }
        draw_rows(panel, points, f"{measure}, percent", record["reference"], names=not place)


def shown_name(name: str, row: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Return a comparator's name, with its number of documents if it saw only a sample."""
    sampled = row["documents"] != record["documents"]
    return f"{name} ({row['documents']:,} docs)" if sampled else name


def _write_table(rows: Mapping[str, Any], stream: Any) -> None:
    measures = list(dict.fromkeys(name for row in rows.values() for name in row["measures"]))
    bounds = [f"{measure} {part}" for measure in measures for part in ("value", "low", "high")]
    costs = ("documents", "learn_seconds", "tag_seconds", "calls")
    writer = csv.writer(stream)
    writer.writerow(["comparator", *costs, *bounds])
    for name, row in rows.items():
        cells = [
            f"{row['measures'][measure][part]:.4f}" if measure in row["measures"] else ""
            for measure in measures
            for part in ("value", "low", "high")
        ]
        writer.writerow([name, *(row[cost] for cost in costs), *cells])
