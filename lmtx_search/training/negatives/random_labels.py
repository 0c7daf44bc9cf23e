"""Random labels of the whole set, including labels that are no document's positive."""

from __future__ import annotations

from random import Random

from lmtx_search.training.negatives.base import Negatives, Pool

_TRIES = 20


def choose_random(pool: Pool, document: int, most: int, random: Random) -> list[int]:
    """Draw labels that are no positives of the document."""
    drawn: list[int] = []
    for _ in range(_TRIES * most):
        label = random.randrange(pool.labels)
        if label not in pool.positives[document] and label not in drawn:
            drawn.append(label)
        if len(drawn) == most:
            break
    return drawn


RANDOM = Negatives("random", shared=1, choose_shared=choose_random)
