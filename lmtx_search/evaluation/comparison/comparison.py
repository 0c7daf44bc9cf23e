"""The result of a comparison and its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lmtx_search.evaluation.comparators import (
    COMPARATORS,
    WITH_A_JUDGE,
    WITH_GOLD,
    ComparatorResult,
)
from lmtx_search.evaluation.gold.gold_set import GoldSet, notes
from lmtx_search.evaluation.metrics.bootstrap import Estimate
from lmtx_search.evaluation.metrics.permutation_test import Difference


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one comparator.

    Attributes:
        estimates: its measures.
        differences: the measures of the reference minus its own, on the same documents.
        documents: number of measured documents.
        cached: whether the result comes from an earlier, unfinished comparison.
    """

    estimates: Mapping[str, Estimate]
    differences: Mapping[str, Difference]
    documents: int
    found: ComparatorResult
    cached: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The results of all comparators that could run, in the order of the registry.

    Attributes:
        skipped: the reason for each comparator that could not run.
        learned_from: number of documents that trained comparators other than LMTX learned from.
        without_judge: what LMTX contains beside the judge's answers, in sentences (None: nothing,
            or LMTX is not compared).
    """

    run: str
    gold_set: GoldSet
    rows: dict[str, Row]
    reference: str | None
    skipped: dict[str, str]
    learned_from: int
    training_run: str | None
    seed: int
    without_judge: str | None = None


MEASURES = ("P@1", "P@5", "R@10")
"""The measures that a comparison shows."""


def best_opponents(comparison: Comparison) -> dict[str, str]:
    """Return, by measure, the best comparator that uses neither a judge nor gold tags.

    LMTX minus this comparator is what the judge adds, and what the run does without it.
    """
    opponents = {
        name: row
        for name, row in comparison.rows.items()
        if name not in (*WITH_A_JUDGE, *WITH_GOLD)
    }
    return {
        measure: max(opponents, key=lambda name: opponents[name].estimates[measure].value)
        for measure in MEASURES
        if opponents
    }


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as a JSON object."""
    gold_set = comparison.gold_set
    return {
        "kind": "compare",
        "documents": len(gold_set.usable.gold),
        "labels": gold_set.labels,
        "learned_from": comparison.learned_from,
        "training_run": comparison.training_run,
        "seed": comparison.seed,
        "reference": comparison.reference,
        "lmtx_without_judge": comparison.without_judge,
        "best_without_judge": best_opponents(comparison),
        "comparators": {
            name: {
                "what": COMPARATORS[name],
                "documents": row.documents,
                "measures": {m: asdict(estimate) for m, estimate in row.estimates.items()},
                "differences": {m: asdict(value) for m, value in row.differences.items()},
                "learn_seconds": round(row.found.learn_seconds, 1),
                "tag_seconds": round(row.found.tag_seconds, 1),
                "calls": row.found.calls,
                "kept": row.cached,
                "note": row.found.note,
            }
            for name, row in comparison.rows.items()
        },
        "skipped": comparison.skipped,
        "notes": notes(gold_set),
    }
