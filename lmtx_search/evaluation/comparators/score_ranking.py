"""Turns scores of all labels into rankings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.evaluation.metrics.ranking import DEPTH
from lmtx_search.progress import Progress
from lmtx_search.records import Document

Scores = Callable[[slice], NDArray[np.float32]]
"""Returns the scores of all labels for a part of the documents: float32[n, L]. A label with the
score -inf is not ranked."""

# Scores that are in memory at a time, and documents between two reports of progress.
_CELLS = 8_000_000
_DOCUMENTS = 256


def rank_by_scores(
    name: str, documents: Sequence[Document], ids: Sequence[str], scores: Scores, progress: Progress
) -> Output:
    """Return the best labels of each document. Equal scores are ordered by position.

    Documents without text get none, as from taggers.

    Args:
        name: of the comparator, for the progress.
        ids: ids of the L labels.
    """
    rankings: dict[str, list[str]] = {}
    with progress.stage(f"Rank with {name}", len(documents), "documents") as advance:
        for part in parts(len(documents), len(ids)):
            found = best(scores(part))
            for document, columns in zip(documents[part], found, strict=True):
                if document.text.strip():
                    rankings[document.id] = [ids[column] for column in columns]
            advance(len(found))
    return Output(rankings)


def parts(documents: int, labels: int) -> Iterator[slice]:
    """Yield parts of the documents whose scores fit into memory."""
    step = max(1, min(_DOCUMENTS, _CELLS // max(1, labels)))
    for start in range(0, documents, step):
        yield slice(start, min(start + step, documents))


def best(scores: NDArray[np.float32], depth: int = DEPTH) -> list[NDArray[np.int64]]:
    """Return the columns of the best scores of each row, best first.

    Args:
        scores: float32[n, L]; -inf is not among the best.
        depth: number of columns.
    """
    # A stable order of all columns is the only one that places equal scores by position.
    order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    return [columns[row[columns] > -np.inf] for row, columns in zip(scores, order, strict=True)]
