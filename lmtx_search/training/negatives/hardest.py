"""The negatives of LMTX's authors: the hardest of the batch, weighted by a softmax."""

from __future__ import annotations

from lmtx_search.training.negatives.base import Negatives

HARDEST = Negatives("hardest", in_batch=True)
