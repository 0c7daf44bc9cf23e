"""The result of a load of documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Reasons are grouped without the values in them. Beyond this number of kinds, the rest is counted
# together.
_KINDS = 50
_VALUES = re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"|\[\d+:\d+\]|\b\d+\b")


@dataclass(slots=True)
class Reason:
    """A reason for failures: the number of documents, and the first message in full."""

    count: int
    example: str


@dataclass(slots=True)
class BulkReport:
    """The result of a load.

    Attributes:
        index: the index to which the documents were written.
        created: documents that are new in the index.
        updated: documents that replaced one with the same id that existed before the load.
        repeated: documents that replaced an earlier one of the same file with other content.
        first_repeated: position of the first of these in the file.
        present: documents that existed already and may not be replaced (data streams).
        failed: lines that are not documents, and documents that the cluster refused.
        bad_lines: number of lines that are not documents, out of the failed ones.
        without_text: documents that have no text in the text fields.
        records: documents and bad lines that were read.
        resumed_after: number of records that an earlier, interrupted run had finished.
        reasons: reasons for failures.
        left_out: records that the reader left out on purpose, by reason.
        notes: what the user should know, one sentence each.
        tagging: documents of the index by ``tagging.status``; empty for training documents.
        tagging_errors: the most frequent reasons why documents of the index are not tagged, and how
            many documents have each; the rest together.
        tagging_notes: the same of documents that are tagged, but not as usual.
    """

    index: str
    created: int = 0
    updated: int = 0
    repeated: int = 0
    first_repeated: str = ""
    failed: int = 0
    present: int = 0
    bad_lines: int = 0
    without_text: int = 0
    records: int = 0
    resumed_after: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    tagging: dict[str, int] = field(default_factory=dict)
    tagging_errors: dict[str, int] = field(default_factory=dict)
    tagging_notes: dict[str, int] = field(default_factory=dict)

    @property
    def indexed(self) -> int:
        """Documents that were written: created or updated."""
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
        """Return the report as a JSON object."""
        return {
            "index": self.index,
            "indexed": self.indexed,
            "created": self.created,
            "updated": self.updated,
            "repeated": self.repeated,
            "first_repeated": self.first_repeated,
            "present": self.present,
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
            "notes": self.notes,
            "tagging": self.tagging,
            "tagging_errors": self.tagging_errors,
            "tagging_notes": self.tagging_notes,
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Set the counts to those that :meth:`as_dict` returned in an earlier run."""
        for name in ("created", "updated", "failed", "bad_lines", "without_text", "records"):
            setattr(self, name, int(saved[name]))
        self.repeated, self.first_repeated = saved["repeated"], saved["first_repeated"]
        self.present = int(saved.get("present", 0))  # earlier releases had no such count
        self.resumed_after = self.records
        self.reasons = {
            entry["reason"]: Reason(entry["count"], entry["example"]) for entry in saved["reasons"]
        }
