"""Renders the data of a report as one HTML file."""

from __future__ import annotations

from importlib import resources
from importlib.util import find_spec
from typing import Any

from lmtx_search.errors import MissingExtra
from lmtx_search.evaluation.comparison.files import shown_name
from lmtx_search.evaluation.comparison.judge_adds import judge_adds
from lmtx_search.evaluation.plots import require_plots
from lmtx_search.evaluation.report import figures
from lmtx_search.evaluation.report.answers import LEAST
from lmtx_search.evaluation.report.data import ReportData
from lmtx_search.version import __version__

_MEASURES = ("P@1", "P@5", "R@10")


def require_report() -> None:
    """Check that a report can be made, before its data are gathered.

    Raises:
        MissingExtra: matplotlib or Jinja is not installed.
    """
    require_plots()
    if find_spec("jinja2") is None:
        raise MissingExtra("report", "A report")


def render(found: ReportData) -> str:
    """Return the report as HTML that loads nothing from elsewhere."""
    require_report()
    from jinja2 import Environment

    template = (resources.files(__package__) / "template.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    environment.filters["thousands"] = lambda count: f"{count:,}"
    environment.filters["minutes"] = _minutes
    page = environment.from_string(template)
    html: str = page.render(
        found=found,
        record=found.record,
        names={id_: label.text for id_, label in found.labels.items()},
        figures=_figures(found),
        table=_table(found),
        least=LEAST,
        judge_adds=[] if found.compared is None else judge_adds(found.compared),
        version=__version__,
    )
    return html


def _figures(found: ReportData) -> dict[str, str]:
    """Return the figures that have data, by name."""
    record, answered = found.record, found.answered
    drawn = {
        "costs": figures.costs(record["seconds"]),
        "usage": figures.usage(list(found.health.used.values()), len(found.labels)),
    }
    compared = found.compared
    if compared is not None:
        rows = {
            shown_name(name, row, compared): row["measures"]["P@1"]
            for name, row in compared["comparators"].items()
        }
        drawn["compared"] = figures.quality(rows, "P@1", "lmtx")
    if found.quality:
        rows = {name: measures["P@1"] for name, measures in found.quality.items()}
        drawn["quality"] = figures.quality(rows, "P@1", "this run")
        drawn["buckets"] = figures.buckets(found.quality)
    lines = _cycles(found)
    if lines:
        drawn["cycles"] = figures.cycles(lines, len(record["cycles"]))
    if answered.total:
        drawn["said"] = figures.p_yes_histogram(answered, record["measures"]["llm_p1_yes_from"])
        drawn["yes_by_rank"] = figures.yes_by_rank(answered)
    if answered.calibration:
        drawn["calibration"] = figures.calibration(answered)
    return drawn


def _cycles(found: ReportData) -> dict[str, list[Any]]:
    """Return the lines of the figure by cycle: by the judge, and by gold tags if known."""
    lines: dict[str, list[Any]] = {}
    cycles = found.record["cycles"]
    shares = [cycles[0]["measures"]["llm_p1_before"], *(c["measures"]["llm_p1"] for c in cycles)]
    if all(share is not None for share in shares):
        lines["first label right, says the judge"] = [
            {"value": share, "low": share, "high": share} for share in shares
        ]
    if len(found.cycles) == len(cycles):
        for measure in ("P@1", "P@5"):
            before = found.quality["untrained"][measure]
            lines[f"{measure}, gold tags"] = [before, *(one[measure] for one in found.cycles)]
    return lines


def _table(found: ReportData) -> list[tuple[str, list[str]]]:
    """Return the rows of the quality table: system, and its measures with intervals."""
    return [
        (name, [_shown(measures.get(measure)) for measure in _MEASURES])
        for name, measures in found.quality.items()
    ]


def _shown(estimate: dict[str, float] | None) -> str:
    if estimate is None:
        return "–"
    value, low, high = (100 * estimate[part] for part in ("value", "low", "high"))
    return f"{value:.1f} ({low:.1f}–{high:.1f})"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
