"""The labels of the batch's other documents, all with the same weight."""

from __future__ import annotations

from lmtx_search.training.negatives.base import Negatives

IN_BATCH = Negatives("in_batch", in_batch=True, hardest=False)
