"""What `judge` and `train` say about the calls of the judge."""

from __future__ import annotations

from collections.abc import Mapping


def judged_line(counts: Mapping[str, int]) -> str:
    """Return how many pairs have an answer, where it comes from, and how many have none.

    Args:
        counts: of a run's record.
    """
    failed = ""
    if counts["failed"]:
        failed = f", {counts['failed']:,} without an answer because the judge's server failed"
    return (
        f"Judged {counts['judged_pairs']:,} pairs of {counts['judged_documents']:,} documents "
        f"({counts['known']:,} known answers, {counts['asked']:,} new, "
        f"{counts['neither']:,} neither yes nor no{failed})"
    )
