"""Strategies for negatives (the labels that a document is pushed away from), by name."""

from __future__ import annotations

from lmtx_search.training.negatives.base import Negatives
from lmtx_search.training.negatives.hardest import HARDEST
from lmtx_search.training.negatives.in_batch import IN_BATCH
from lmtx_search.training.negatives.judged_no import JUDGED_NO
from lmtx_search.training.negatives.mixture import MIXTURE
from lmtx_search.training.negatives.random_labels import RANDOM

NEGATIVES: dict[str, Negatives] = {
    strategy.name: strategy for strategy in (HARDEST, IN_BATCH, JUDGED_NO, RANDOM, MIXTURE)
}
