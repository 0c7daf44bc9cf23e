"""Measures of the tags that a tagger assigns at its own threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from lmtx_search.evaluation.metrics.additive import Floats, Sums, ratios

TAGS = "tags per document"


def tag_measures(
    tags: Mapping[str, Sequence[str]],
    gold: Mapping[str, AbstractSet[str]],
    documents: Sequence[str],
) -> Sums:
    """Return micro F1, coverage (documents with at least one tag) and tags per document."""
    above = np.zeros((len(documents), 3))
    below = np.ones((len(documents), 3))
    for row, document in enumerate(documents):
        assigned = set(tags.get(document, ()))
        above[row] = 2 * len(assigned & gold[document]), len(assigned) > 0, len(assigned)
        below[row, 0] = len(assigned) + len(gold[document])
    found = ratios(("micro F1", "coverage", TAGS), above, below)
    found.documents[-1] = 0
    return found


def macro_f1(
    tags: Mapping[str, Sequence[str]],
    gold: Mapping[str, AbstractSet[str]],
    documents: Sequence[str],
) -> Sums:
    """Return the mean F1 of the labels that are a gold tag of at least one of the documents."""
    from scipy.sparse import csr_array

    labels = sorted(set().union(*gold.values()))
    columns = {label: column for column, label in enumerate(labels)}
    width = len(labels)
    where: list[tuple[int, int]] = []
    for row, document in enumerate(documents):
        assigned = {label for label in tags.get(document, ()) if label in columns}
        for part, found in enumerate((assigned & gold[document], assigned, gold[document])):
            where += [(row, part * width + columns[label]) for label in found]
    rows, places = zip(*where, strict=True)
    ones = np.ones(len(where))
    matrix = csr_array((ones, (rows, places)), shape=(len(documents), 3 * width))
    return Sums(("macro F1",), matrix, _macro, np.array([len(documents)]))


def _macro(sums: Floats) -> Floats:
    both, assigned, right = np.split(sums, 3, axis=1)
    occurs = right > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(occurs, 2 * both / (assigned + right), 0.0)
        return np.asarray(each.sum(axis=1, keepdims=True) / occurs.sum(axis=1, keepdims=True))
