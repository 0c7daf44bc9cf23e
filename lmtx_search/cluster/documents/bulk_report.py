"""What became of the documents of a load."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Reasons that name a value are grouped without it; more kinds than this are counted together.
_KINDS = 50
_VALUES = re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"|\[\d+:\d+\]|\b\d+\b")


@dataclass(slots=True)
class Reason:
    """Why documents failed: how many, and the first of them in full."""

    count: int
    example: str


@dataclass(slots=True)
class BulkReport:
    """Counts of a load; ``resumed_after`` records had been dealt with by an earlier run."""

    index: str
    created: int = 0
    updated: int = 0
    repeated: int = 0
    first_repeated: str = ""
    failed: int = 0
    bad_lines: int = 0
    without_text: int = 0
    records: int = 0
    resumed_after: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def indexed(self) -> int:
        """Documents that are in the index now: created or updated."""
        return self.created + self.updated

    def repeat(self, places: Sequence[str]) -> None:
        """Count documents that replaced an earlier one of the same file; keep the first place."""
        self.repeated += len(places)
        self.first_repeated = self.first_repeated or next(iter(places), "")

    def fail(self, reason: str, what: str) -> None:
        """Count a failure; ``what`` names the document or line."""
        kind = _VALUES.sub("…", reason)
        if kind not in self.reasons and len(self.reasons) >= _KINDS:
            kind = "other reasons"
        if kind in self.reasons:
            self.reasons[kind].count += 1
        else:
            self.reasons[kind] = Reason(1, f"{what}: {reason}"[:1000])

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json`` and for a checkpoint."""
        return {
            "index": self.index,
            "indexed": self.indexed,
            "created": self.created,
            "updated": self.updated,
            "repeated": self.repeated,
            "first_repeated": self.first_repeated,
            "left_out": self.left_out,
            "failed": self.failed,
            "bad_lines": self.bad_lines,
            "without_text": self.without_text,
            "records": self.records,
            "resumed_after": self.resumed_after,
            "reasons": [
                {"reason": kind, "count": reason.count, "example": reason.example}
                for kind, reason in self.reasons.items()
            ],
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over the counts of an earlier run from :meth:`as_dict`."""
        for name in ("created", "updated", "failed", "bad_lines", "without_text", "records"):
            setattr(self, name, int(saved[name]))
        self.repeated, self.first_repeated = saved["repeated"], saved["first_repeated"]
        self.resumed_after = self.records
        self.reasons = {
            entry["reason"]: Reason(entry["count"], entry["example"]) for entry in saved["reasons"]
        }
