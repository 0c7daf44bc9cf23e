"""Finds a label that comes first for so many documents that it may be near everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.records import Label
from lmtx_search.training.development import FirstLabels

# On five data sets, the most frequent first label of a trained encoder has 3 to 9 % of the
# documents; an encoder that failed on a sixth one put a label first for 55 % (docs/quality.md).
_SHARE = 0.3
# Of fewer labels or documents, one may well have a third.
_LEAST_LABELS = 20
_LEAST_DOCUMENTS = 20


@dataclass(frozen=True, slots=True)
class CommonFirstLabel:
    """A label that comes first for far more documents than others do.

    Attributes:
        label: its name.
        share: of the documents, in [0, 1].
        documents: number of documents that were looked at.
    """

    label: str
    share: float
    documents: int


def common_first_label(firsts: FirstLabels, labels: Sequence[Label]) -> CommonFirstLabel | None:
    """Return the label that comes first for 30 % of the documents or more; None if there is none.

    Args:
        firsts: the first label (id) of each document, by document id.
        labels: the label set.

    Returns:
        None also for fewer than 20 labels or documents.
    """
    if len(labels) < _LEAST_LABELS or len(firsts) < _LEAST_DOCUMENTS:
        return None
    [(id_, count)] = Counter(firsts.values()).most_common(1)
    if count < _SHARE * len(firsts):
        return None
    name = next((label.text for label in labels if label.id == id_), id_)
    return CommonFirstLabel(name, count / len(firsts), len(firsts))
