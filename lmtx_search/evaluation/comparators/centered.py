"""The untrained encoder, with documents centered as for the shortlists of a training run."""

from __future__ import annotations

from lmtx_search.evaluation.comparators.frozen import Frozen

COMPARATOR = Frozen("centered", centered=True)
