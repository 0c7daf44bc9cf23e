"""Strategies that draw the positives of a step of training, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from lmtx_search.training.positives.all_positives import all_positives
from lmtx_search.training.positives.one_random import one_random
from lmtx_search.training.positives.weighted import weighted

Draw = Callable[[Sequence[int], Sequence[float], Random], list[int]]
"""Draws from a document's positives and their evidence; each one drawn is a step of training."""

POSITIVES: dict[str, Draw] = {
    "one_random": one_random,
    "all": all_positives,
    "weighted": weighted,
}
