"""Labels that the judge refused: they are near the document and still wrong."""

from __future__ import annotations

from random import Random

from lmtx_search.training.negatives.base import Negatives, Pool


def choose_refused(pool: Pool, document: int, most: int, random: Random) -> list[int]:
    """Draw some of the labels that the judge refused for the document."""
    refused = pool.refused[document]
    return random.sample(refused, min(most, len(refused)))


JUDGED_NO = Negatives("judged_no", own=3, choose_own=choose_refused)
