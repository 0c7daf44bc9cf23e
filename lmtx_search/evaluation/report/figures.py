"""The figures of the report as SVG, narrow enough for a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lmtx_search.evaluation.plots import (
    ACCENT,
    LIGHT,
    OTHER,
    Interval,
    as_svg,
    draw_lines,
    draw_rows,
    figure,
)
from lmtx_search.evaluation.report.answers import AnswerStatistics

_WIDTH = 5.2


def quality(rows: Mapping[str, Interval], measure: str, accent: str) -> str:
    """Draw a measure of each system with its interval."""
    with figure(_WIDTH, 0.9 + 0.42 * len(rows)) as (drawn, (axes,)):
        draw_rows(axes, rows, f"{measure}, percent", accent)
        return as_svg(drawn)


def cycles(lines: Mapping[str, Sequence[Interval]], count: int) -> str:
    """Draw measures by cycle, from the untrained encoder on."""
    with figure(_WIDTH, 3) as (drawn, (axes,)):
        names = ["before", *map(str, range(1, count + 1))]
        draw_lines(axes, lines, names, "Quality by cycle", "cycle")
        return as_svg(drawn)


def yes_by_rank(answered: AnswerStatistics) -> str:
    """Draw the share of yes at each rank of the shortlist."""
    with figure(_WIDTH, 2.6) as (drawn, (axes,)):
        ranks = [rank for rank, _, _ in answered.yes_by_rank]
        axes.bar(ranks, [100 * share for _, share, _ in answered.yes_by_rank], color=ACCENT)
        axes.set_xticks(ranks)
        axes.set_xlabel("place in the shortlist")
        axes.set_ylabel("percent yes")
        axes.grid(axis="x", visible=False)
        return as_svg(drawn)


def p_yes_histogram(answered: AnswerStatistics, yes_from: float) -> str:
    """Draw a histogram of P(yes)."""
    with figure(_WIDTH, 2.6) as (drawn, (axes,)):
        axes.hist(answered.p_yes, bins=np.linspace(0, 1, 21), color=LIGHT, edgecolor="white")
        axes.axvline(yes_from, color=ACCENT, linewidth=2)
        axes.annotate(
            "a sure yes", (yes_from, 1), (4, -10), xycoords=("data", "axes fraction"),
            textcoords="offset points", color=ACCENT, fontsize=9,
        )  # fmt: skip
        axes.set_xlabel("P(yes)")
        axes.set_ylabel("answers")
        return as_svg(drawn)


def calibration(answered: AnswerStatistics) -> str:
    """Draw how often answers are right, by P(yes)."""
    with figure(_WIDTH, 3.2) as (drawn, (axes,)):
        axes.plot([0, 100], [0, 100], color=LIGHT, linewidth=1.5)
        points = [(100 * p, 100 * right) for p, right, _ in answered.calibration]
        axes.plot(*zip(*points, strict=True), marker="o", color=ACCENT)
        axes.set_xlabel("P(yes), percent")
        axes.set_ylabel("percent right")
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        return as_svg(drawn)


def buckets(systems: Mapping[str, Mapping[str, Any]]) -> str:
    """Draw R@10 of head, middle and tail labels for each system."""
    names = ("head", "middle", "tail")
    colors = (LIGHT, OTHER, ACCENT)
    with figure(_WIDTH, 2.9) as (drawn, (axes,)):
        width = 0.8 / len(systems)
        for place, (name, measures) in enumerate(systems.items()):
            found = [measures.get(f"R@10 {bucket}") for bucket in names]
            heights = [100 * one["value"] if one else 0.0 for one in found]
            xs = [x + (place - (len(systems) - 1) / 2) * width for x in range(3)]
            color = colors[place - len(systems)]
            bars = axes.bar(xs, heights, width * 0.92, color=color, label=name)
            axes.bar_label(bars, fmt="%.0f", fontsize=8)
        axes.set_xticks(range(3), ["frequent", "middle", "rare"])
        axes.set_xlabel("labels")
        axes.set_ylabel("percent found")
        axes.grid(axis="x", visible=False)
        axes.legend(frameon=False, fontsize=9)
        return as_svg(drawn)


def usage(shares: Sequence[float], labels: int) -> str:
    """Draw the share of documents of each label, the most used first."""
    with figure(_WIDTH, 2.6) as (drawn, (axes,)):
        heights = [100 * share for share in shares] + [0.0] * (labels - len(shares))
        axes.fill_between(range(1, labels + 1), heights, step="mid", color=ACCENT, alpha=0.8)
        axes.set_xlabel("labels, the most used first")
        axes.set_ylabel("percent of documents")
        axes.set_ylim(bottom=0)
        return as_svg(drawn)


def costs(seconds: Mapping[str, float]) -> str:
    """Draw where the run's time went."""
    stages = {name: value for name, value in seconds.items() if name != "all" and value >= 0.05}
    with figure(_WIDTH, 0.8 + 0.34 * max(1, len(stages))) as (drawn, (axes,)):
        names = list(stages)[::-1]
        bars = axes.barh(names, [stages[name] for name in names], color=ACCENT)
        axes.bar_label(bars, fmt="%.0f s", fontsize=8, padding=3)
        axes.set_xlabel("seconds")
        axes.margins(x=0.14)
        axes.grid(axis="y", visible=False)
        return as_svg(drawn)
