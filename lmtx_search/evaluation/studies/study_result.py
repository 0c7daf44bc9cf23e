"""The result of a study, its record, and the sentence that sums it up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lmtx_search.evaluation.comparators.base import ComparatorResult
from lmtx_search.evaluation.gold.gold_set import GoldSet, notes
from lmtx_search.evaluation.metrics.measure import Measured
from lmtx_search.evaluation.metrics.permutation_test import Difference, compare
from lmtx_search.evaluation.studies.base import Study

UNTRAINED = "untrained"
SUMMARY = ("P@1", "P@5", "R@10")
"""The measures in the plot and in the sentence."""

# The interval of few documents is too narrow, but p is that of all their permutations.
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class StudyResult:
    """The rows of a study in the order of its axis, with the untrained encoder first.

    Attributes:
        measured: measures by value.
        found: rankings and costs by value.
        best: the value with the best P@1.
        first: the first value of the axis.
        gain: difference between the best value and the first one (None: there is only one value).
    """

    name: str
    axis: str
    measured: dict[str, Measured]
    found: dict[str, ComparatorResult]
    best: str
    first: str
    gain: dict[str, Difference] | None
    gold_set: GoldSet


def study_record(result: StudyResult) -> dict[str, Any]:
    """Return the study as a JSON object."""
    return {
        "kind": "study",
        "study": result.name,
        "axis": result.axis,
        "documents": len(result.gold_set.usable.gold),
        "rows": [
            {
                "value": value,
                "learn_seconds": round(result.found[value].learn_seconds, 1),
                "calls": result.found[value].calls,
                "note": result.found[value].note,
                "measures": {m: asdict(one) for m, one in measured.estimates().items()},
            }
            for value, measured in result.measured.items()
        ],
        "sentence": sentence(result),
        "notes": notes(result.gold_set),
    }


def sentence(result: StudyResult) -> str:
    """Summarise the study in one sentence, including whether the difference may be chance."""
    best = result.measured[result.best].estimates()
    values = ", ".join(f"{name} {100 * best[name].value:.1f}" for name in SUMMARY)
    start = f"{result.axis[0].upper()}{result.axis[1:]}: best P@1 with {result.best} ({values})"
    if result.gain is None or result.best == result.first:
        return f"{start}."
    gain = result.gain["P@1"]
    p = "p<0.001" if gain.p < 0.001 else f"p={gain.p:.3f}"
    more = f"{100 * gain.value:+.1f} points against {result.first}"
    bounds = f"95 %: {100 * gain.low:+.1f} to {100 * gain.high:+.1f}, {p}"
    if gain.low <= 0 or gain.p >= _SIGNIFICANT:
        return (
            f"{start}, {more} ({bounds}): no difference that {len(result.gold_set.usable.gold):,} "
            "documents could show."
        )
    return f"{start}, {more} ({bounds})."


def study_result(
    name: str,
    study: Study,
    measured: dict[str, Measured],
    found: dict[str, ComparatorResult],
    gold_set: GoldSet,
    seed: int,
) -> StudyResult:
    """Return the result of a study from its measures and results by value."""
    values = [value for value in measured if value != UNTRAINED]
    best = max(values, key=lambda value: measured[value].estimates()["P@1"].value)
    gain = compare(measured[best], measured[values[0]], seed) if len(values) > 1 else None
    return StudyResult(name, study.axis, measured, found, best, values[0], gain, gold_set)
