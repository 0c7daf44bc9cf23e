"""The hardest labels of the batch, weighted by a softmax, as the authors of LMTX do it."""

from __future__ import annotations

from lmtx_search.training.negatives.base import Negatives

HARDEST = Negatives("hardest", in_batch=True)
