"""What the judge adds: LMTX minus the best method without an LLM, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def judge_adds(record: Mapping[str, Any]) -> list[str]:
    """Say for each measure which method without an LLM is best, and what LMTX adds to it.

    The intervals are paired: both methods are measured on the same documents
    (``metrics/permutation_test.py``). The best method is the best on these documents themselves, so
    that the difference is rather too small than too large.

    Args:
        record: of a comparison, also of an earlier release.
    """
    lines = []
    for measure, name in record.get("best_without_judge", {}).items():
        row = record["comparators"][name]
        value = row["measures"][measure]["value"]
        line = f"Best without a judge, {measure}: {name}, {100 * value:.1f}"
        if record["reference"] == "lmtx":
            added = row["differences"][measure]
            line += (
                f"; lmtx minus {name}: {100 * added['value']:+.1f} "
                f"({100 * added['low']:+.1f} to {100 * added['high']:+.1f})"
            )
        lines.append(line)
    return lines
