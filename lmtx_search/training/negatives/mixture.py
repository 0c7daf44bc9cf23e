"""Labels of the batch, refused labels and random labels, of which the hardest count."""

from __future__ import annotations

from lmtx_search.training.negatives.base import Negatives
from lmtx_search.training.negatives.judged_no import choose_refused
from lmtx_search.training.negatives.random_labels import choose_random

MIXTURE = Negatives(
    "mixture",
    in_batch=True,
    own=2,
    shared=1,
    choose_own=choose_refused,
    choose_shared=choose_random,
)
