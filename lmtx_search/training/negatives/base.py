"""What a strategy for negatives is, and the labels that it chooses from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Pool:
    """The labels of the training documents, by position.

    Attributes:
        labels: the size of the label set.
        positives: the positives of each document.
        refused: the labels of each document that were judged and are not among its positives, in
            ascending order.
    """

    labels: int
    positives: Sequence[frozenset[int]]
    refused: Sequence[Sequence[int]]


Choose = Callable[[Pool, int, int, Random], list[int]]
"""Draws labels for a document: (pool, document, largest number of labels, random)."""


@dataclass(frozen=True, slots=True)
class Negatives:
    """A strategy for negatives. It offers labels for each document.

    One function decides which of them count as negatives
    (:func:`lmtx_search.training.student.loss.allowed_negatives`): never a label that the document
    is not to be pushed away from.

    Attributes:
        in_batch: offer the positives that were drawn for the other documents of the batch.
        own: number of extra labels that a document offers to itself.
        shared: number of extra labels that a document offers to the whole batch.
        hardest: only the hardest count, weighted by a softmax. Otherwise all count equally.
        choose_own, choose_shared: draw the extra labels.
    """

    name: str
    in_batch: bool = False
    own: int = 0
    shared: int = 0
    hardest: bool = True
    choose_own: Choose | None = None
    choose_shared: Choose | None = None

    def draw_extra(self, pool: Pool, document: int, random: Random) -> tuple[int, ...]:
        """Draw the extra labels of a document: ``own`` labels, then ``shared`` ones.

        Missing labels are replaced by a positive of the document, which never counts.
        """
        filler = min(pool.positives[document])
        extra: list[int] = []
        for choose, count in ((self.choose_own, self.own), (self.choose_shared, self.shared)):
            drawn = choose(pool, document, count, random) if choose else []
            extra += drawn[:count] + [filler] * (count - len(drawn))
        return tuple(extra)


def draw_extra_labels(
    negatives: Negatives, pool: Pool, documents: Sequence[int], seed: int
) -> list[tuple[int, ...]]:
    """Draw the extra labels of every step of training; the seed decides all of them."""
    random = Random(f"{seed} negatives")
    return [negatives.draw_extra(pool, document, random) for document in documents]
