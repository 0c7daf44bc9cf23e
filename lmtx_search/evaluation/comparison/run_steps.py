"""What a training run did beside asking the judge, because a comparison contains it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmtx_search.training.rivals import NAMES


def steps_without_judge(record: Mapping[str, Any]) -> str | None:
    """Return what `lmtx` contains beside the judge's answers, in sentences (None: nothing).

    Args:
        record: of a training run, also of an earlier release.
    """
    counts = record["counts"]
    kept = record.get("kept", "judged")
    if kept != "judged":
        return (
            f"lmtx is {NAMES[kept]}, which the run kept. What lmtx adds to another method is "
            "therefore not the judge's"
        )
    steps = []
    if counts.get("named_stage"):
        steps.append(f"{counts['named_documents']:,} documents that name a label taught it first")
    if scored := counts.get("scored_documents", 0):
        steps.append(
            f"it learned from {scored:,} documents, judged or not "
            f"({counts['judged_documents']:,} were judged)"
        )
    if record.get("words") is not None:
        steps.append("words count in its scores")
    if not steps:
        return None
    said = (
        f"lmtx contains steps that need no judge: {'; '.join(steps)}. What lmtx adds to another "
        "method is the work of the judge and of these steps together"
    )
    return f"{said}; unjudged has the same steps" if scored else said
