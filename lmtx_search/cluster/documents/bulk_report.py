"""What became of the documents of a load."""

from __future__ import annotations

import re
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
    """Counts of a load: ``records`` are those indexed, failed and left out.

    ``left_out`` documents were there already and may not be replaced; ``resumed_after`` records
    had been dealt with by an earlier run.
    """

    index: str
    created: int = 0
    updated: int = 0
    failed: int = 0
    left_out: int = 0
    bad_lines: int = 0
    without_text: int = 0
    records: int = 0
    resumed_after: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)

    @property
    def indexed(self) -> int:
        """Documents that are in the index now: created or updated."""
        return self.created + self.updated

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
            "failed": self.failed,
            "left_out": self.left_out,
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
        self.left_out = int(saved.get("left_out", 0))  # an earlier release left none out
        self.resumed_after = self.records
        self.reasons = {
            entry["reason"]: Reason(entry["count"], entry["example"]) for entry in saved["reasons"]
        }
