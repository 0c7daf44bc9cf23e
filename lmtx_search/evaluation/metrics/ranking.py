"""Measures of a ranking, computed by ir-measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from importlib.util import find_spec

import numpy as np

from lmtx_search.errors import MissingExtra
from lmtx_search.evaluation.metrics.additive import Sums, means

NAMES = (
    *(f"P@{k}" for k in (1, 3, 5)),
    *(f"R@{k}" for k in (1, 3, 5, 10, 100)),
    *(f"nDCG@{k}" for k in (1, 3, 5)),
)
DEPTH = 100
"""Number of labels in a ranking that is measured."""

# Documents whose rankings are converted for the library at a time.
_CHUNK = 2000


def require_measures() -> None:
    """Check that the measures can be computed, before an hour is spent on rankings.

    Raises:
        MissingExtra: the extra for evaluation is not installed.
    """
    if not all(map(find_spec, ("ir_measures", "scipy"))):
        raise MissingExtra("evaluation", "Measuring")


def ranking_measures(
    rankings: Mapping[str, Sequence[str]],
    gold: Mapping[str, AbstractSet[str]],
    documents: Sequence[str],
    names: Sequence[str] = NAMES,
) -> Sums:
    """Return means over documents. A document without a ranking counts as nothing found.

    P@5 always divides by five, and R@10 by the number of a document's gold tags.
    """
    import ir_measures

    measures = [ir_measures.parse_measure(name) for name in names]
    columns = {name: column for column, name in enumerate(names)}
    rows = {document: row for row, document in enumerate(documents)}
    values = np.zeros((len(documents), len(names)))
    for start in range(0, len(documents), _CHUNK):
        chunk = documents[start : start + _CHUNK]
        qrels = {document: dict.fromkeys(gold[document], 1) for document in chunk}
        # Ranks become scores, so that the library cannot reorder equal scores.
        run = {
            document: {label: -float(rank) for rank, label in enumerate(rankings.get(document, ()))}
            for document in chunk
        }
        for found in ir_measures.iter_calc(measures, qrels, run):
            values[rows[found.query_id], columns[str(found.measure)]] = found.value
    return means(names, values)
