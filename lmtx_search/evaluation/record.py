"""An evaluation as a JSON object: what ``--json`` prints and ``lmtx-runs`` keeps."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lmtx_search.evaluation.gold import named
from lmtx_search.evaluation.rankings import DEPTH
from lmtx_search.evaluation.run import Evaluation


def record(found: Evaluation) -> dict[str, Any]:
    """Return the evaluation's record; ``notes`` are lines for people."""
    fits, cut = found.usable, found.weighing.cut
    a, b = found.propensity
    return {
        "kind": "evaluate",
        "systems": {
            name: {measure: asdict(estimate) for measure, estimate in estimates.items()}
            for name, estimates in found.results.items()
        },
        "documents": len(fits.gold),
        "unknown_documents": len(fits.unknown_documents),
        "unknown_labels": len(fits.unknown_labels),
        "bad_lines": found.bad_lines,
        "tagger": next((s.of for s in found.systems if s.name.startswith("tagger")), None),
        "labels": found.labels,
        "without_tags": len(fits.without_tags),
        "measured": {
            system.name: {"of": system.of, **(asdict(system.rule) if system.rule else {})}
            for system in found.systems
        },
        "differences": [
            {
                "system": system,
                "minus": other,
                "measures": {name: asdict(value) for name, value in differences.items()},
            }
            for (system, other), differences in found.differences.items()
        ],
        "label_counts": {"of": found.counted, "documents": cut.frequencies.documents},
        "propensity": {"a": a, "b": b},
        "buckets": {"head_from": cut.head, "tail_below": cut.tail, "labels": cut.labels()},
        "notes": notes(found),
    }


def notes(found: Evaluation) -> list[str]:
    """Return what was left out, and what the measures could not look at."""
    fits = found.usable
    lines = []
    if fits.unknown_documents:
        lines.append(f"Left out: gold for unknown documents: {named(fits.unknown_documents)}")
    if fits.without_tags:
        lines.append(
            f"Left out: documents without a gold tag of the label set: {named(fits.without_tags)}"
        )
    if fits.unknown_labels:
        lines.append(f"Never to be found: gold labels unknown: {named(fits.unknown_labels)}")
    if found.repeated:
        lines.append(f"Document ids that came again: {found.repeated:,} (the last counts)")
    if found.bad_lines:
        lines.append(f"Malformed lines passed over: {found.bad_lines:,}")
    if found.textless:
        lines.append(f"Documents without text, for which nothing is found: {found.textless:,}")
    if found.labels < DEPTH:
        lines.append(f"There are {found.labels:,} labels: R@{DEPTH} looks at all of them")
    return lines
