"""What a reader of documents is given beside the path."""

from __future__ import annotations

from dataclasses import dataclass, field

from lmtx_search.sources.left_out import LeftOut


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How one reading of a source is done; each reading from the beginning takes a new one.

    Attributes:
        everything: read also what is not published (drafts, private and scheduled posts).
        left_out: takes the counts of what the reader leaves out.
        notes: takes a sentence for each decision of the reader that the user should know.
    """

    everything: bool = False
    left_out: LeftOut = field(default_factory=LeftOut)
    notes: list[str] = field(default_factory=list)
