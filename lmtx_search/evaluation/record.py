"""An evaluation as a JSON object: what ``--json`` prints and ``lmtx-runs`` stores."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lmtx_search.evaluation.gold.gold_set import notes
from lmtx_search.evaluation.headline import tagger_p1
from lmtx_search.evaluation.run import Evaluation


def record(found: Evaluation) -> dict[str, Any]:
    """Return the record of an evaluation. Its ``notes`` are lines for people."""
    gold_set = found.gold_set
    usable, cut = gold_set.usable, gold_set.weighing.cut
    a, b = gold_set.propensity
    return {
        "kind": "evaluate",
        "systems": {
            name: {measure: asdict(estimate) for measure, estimate in estimates.items()}
            for name, estimates in found.results.items()
        },
        "measures": {"p1": tagger_p1(found.results)},
        "documents": len(usable.gold),
        "unknown_documents": len(usable.unknown_documents),
        "unknown_labels": len(usable.unknown_labels),
        "bad_lines": gold_set.bad_lines,
        "tagger": next((s.of for s in found.systems if s.name.startswith("tagger")), None),
        "labels": gold_set.labels,
        "without_tags": len(usable.without_tags),
        "without_gold": gold_set.unnamed[0],
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
        "label_counts": {"of": gold_set.counted, "documents": cut.frequencies.documents},
        "propensity": {"a": a, "b": b},
        "buckets": {"head_from": cut.head, "tail_below": cut.tail, "labels": cut.labels()},
        "notes": [*notes(gold_set), *found.notes],
    }
