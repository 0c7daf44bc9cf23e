"""Writes a study as a table, a plot and a sentence."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmtx_search.evaluation.plots import draw_lines, figure, save
from lmtx_search.evaluation.studies.study_result import SUMMARY


def write_files(record: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``<study>.csv``, ``.svg`` and ``.txt`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    table, picture, text = (
        folder / f"{record['study']}.{ending}" for ending in ("csv", "svg", "txt")
    )
    rows = record["rows"]
    names = list(rows[0]["measures"])
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        bounds = [f"{name} {part}" for name in names for part in ("value", "low", "high")]
        writer.writerow([record["axis"], "calls", "learn_seconds", *bounds])
        for row in rows:
            cells = [
                f"{row['measures'][name][part]:.4f}" if name in row["measures"] else ""
                for name in names
                for part in ("value", "low", "high")
            ]
            writer.writerow([row["value"], row["calls"], row["learn_seconds"], *cells])
    with figure(7, 4) as (drawn, (axes,)):
        lines = {name: [row["measures"][name] for row in rows] for name in SUMMARY}
        title = f"{record['documents']:,} documents"
        draw_lines(axes, lines, [row["value"] for row in rows], title, record["axis"])
        save(drawn, picture)
    text.write_text(record["sentence"] + "\n", encoding="utf-8")
    return [table, picture, text]
