"""The untrained encoder of the settings."""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.score_ranking import rank_by_scores
from lmtx_search.progress import Progress


class Frozen(Comparator):
    """The encoder that LMTX starts from.

    Args:
        name: of the comparator.
        centered: whether documents are centered if some labels are hubs.
    """

    def __init__(self, name: str, *, centered: bool) -> None:
        self._name = name
        self._centered = centered

    def identity(self, context: ComparisonContext) -> str:
        """Return the number of its form, which is raised when it ranks in another way."""
        return "2"

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        untrained = context.untrained(progress)
        started = time.monotonic()
        output = rank_by_scores(
            self._name,
            context.documents,
            [label.id for label in context.labels],
            lambda part: untrained.cosines(part, centered=self._centered),
            progress,
        )
        note = f"centered by {untrained.center.weight:.2f}" if self._centered else ""
        return ComparatorResult(
            output, tag_seconds=untrained.seconds + time.monotonic() - started, note=note
        )


COMPARATOR = Frozen("frozen", centered=False)
