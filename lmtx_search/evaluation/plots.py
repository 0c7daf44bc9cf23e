"""Plots by matplotlib in one style for print and screen."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra

ACCENT, OTHER, LIGHT = "#0b6e4f", "#5b6770", "#c9d1d6"
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": OTHER,
    "axes.grid": True,
    "grid.color": "#e6eaec",
    "axes.axisbelow": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "lmtx-search",
    "figure.constrained_layout.use": True,
}

Interval = Mapping[str, float]
"""``value``, ``low`` and ``high``, as shares in [0, 1]."""


def require_plots() -> None:
    """Check that plots can be drawn.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtra("report", "Drawing")


@contextmanager
def figure(width: float, height: float, columns: int = 1) -> Iterator[tuple[Any, list[Any]]]:
    """Open a figure (size in inches) with axes side by side, and close it after the block."""
    require_plots()
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context(_STYLE):
        drawn, axes = pyplot.subplots(1, columns, figsize=(width, height), squeeze=False)
        try:
            yield drawn, list(axes[0])
        finally:
            pyplot.close(drawn)


def as_svg(drawn: Any) -> str:
    """Return a figure as an ``<svg>`` element. Equal figures give equal elements."""
    stream = io.StringIO()
    drawn.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def save(drawn: Any, path: Path) -> None:
    """Write a figure as SVG or PNG, depending on the file name."""
    options = {"metadata": {"Date": None}} if path.suffix == ".svg" else {"dpi": 150}
    drawn.savefig(path, **options)


def draw_rows(
    axes: Any,
    rows: Mapping[str, Interval],
    title: str,
    accent: str | None = None,
    names: bool = True,
) -> None:
    """Draw a point with its interval for each row, from top to bottom, in percent."""
    for place, (name, found) in enumerate(reversed(list(rows.items()))):
        color = ACCENT if name == accent else OTHER
        value, low, high = (100 * found[part] for part in ("value", "low", "high"))
        axes.plot([low, high], [place, place], color=color, linewidth=2, alpha=0.5)
        axes.plot([value], [place], "o", color=color, markersize=7)
        axes.annotate(
            f"{value:.1f}",
            (value, place),
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=color,
        )
    axes.set_yticks(range(len(rows)), list(rows)[::-1] if names else [])
    axes.set_ylim(-0.6, len(rows) - 0.3)
    axes.set_xlim(left=0)
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(axis="y", visible=False)


def draw_lines(
    axes: Any,
    lines: Mapping[str, Sequence[Interval]],
    xs: Sequence[str],
    title: str,
    xlabel: str,
    marks: Sequence[str] = ("o", "s", "^", "D"),
) -> None:
    """Draw a line with intervals for each series over named positions, in percent."""
    places = list(range(len(xs)))
    colors = (ACCENT, "#b5541c", "#3558a8", OTHER)
    for (name, values), color, mark in zip(lines.items(), colors, marks, strict=False):
        heights = [100 * found["value"] for found in values]
        lows = [100 * (found["value"] - found["low"]) for found in values]
        highs = [100 * (found["high"] - found["value"]) for found in values]
        bounds = [[max(0.0, x) for x in lows], [max(0.0, x) for x in highs]]
        axes.errorbar(
            places[: len(heights)],
            heights,
            yerr=bounds,
            color=color,
            marker=mark,
            capsize=3,
            linewidth=1.5,
            label=name,
        )
    axes.set_xticks(places, list(xs))
    axes.set_xlabel(xlabel)
    axes.set_ylabel("percent")
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left", fontsize=10)
    axes.legend(frameon=False, fontsize=9)
