"""What every strategy for negatives says, and what it may choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Pool:
    """What is known of the training documents, by position.

    Attributes:
        labels: how many labels the set has.
        positives: pseudo-positives of each document.
        refused: labels of each document that the judge was asked about and that are no
            pseudo-positives, in ascending order.
    """

    labels: int
    positives: Sequence[frozenset[int]]
    refused: Sequence[Sequence[int]]


Choose = Callable[[Pool, int, int, Random], list[int]]
"""Draws at most so many labels for a document: (pool, document, most, random)."""


@dataclass(frozen=True, slots=True)
class Negatives:
    """A strategy.

    Which of the labels that it offers count for a document is decided in one place
    (:func:`lmtx_search.training.student.loss.allowed_negatives`): never a pseudo-positive of it.

    Attributes:
        in_batch: the pseudo-positives drawn for the batch's other documents are offered.
        own: labels that a document brings along for itself.
        shared: labels that a document brings along for the whole batch.
        hardest: only the hardest count, weighted by a softmax; else all, equally.
        choose_own, choose_shared: draw them.
    """

    name: str
    in_batch: bool = False
    own: int = 0
    shared: int = 0
    hardest: bool = True
    choose_own: Choose | None = None
    choose_shared: Choose | None = None

    def bring(self, pool: Pool, document: int, random: Random) -> tuple[int, ...]:
        """Draw what a document brings along: ``own`` labels and then ``shared`` ones.

        Where there are fewer, a pseudo-positive of the document fills the place: it never counts.
        """
        filler = min(pool.positives[document])
        brought: list[int] = []
        for choose, count in ((self.choose_own, self.own), (self.choose_shared, self.shared)):
            drawn = choose(pool, document, count, random) if choose else []
            brought += drawn[:count] + [filler] * (count - len(drawn))
        return tuple(brought)


def bring_all(
    negatives: Negatives, pool: Pool, documents: Sequence[int], seed: int
) -> list[tuple[int, ...]]:
    """Draw what is brought along at every step of training: all of it follows from the seed."""
    random = Random(f"{seed} negatives")
    return [negatives.bring(pool, document, random) for document in documents]
