"""The options of a reader of documents."""

from __future__ import annotations

from dataclasses import dataclass, field

from lmtx_search.sources.left_out import LeftOut


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of one reading of a source; each reading needs a new object.

    Attributes:
        everything: read unpublished posts (drafts, private and scheduled ones), internal notes and
            deleted messages too.
        left_out: receives the counts of omitted records.
        notes: receives a sentence for each decision of the reader that the user should know.
    """

    everything: bool = False
    left_out: LeftOut = field(default_factory=LeftOut)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the notes, and a line for each reason for which records were omitted."""
        return [*dict.fromkeys(self.notes), *self.left_out.lines()]
