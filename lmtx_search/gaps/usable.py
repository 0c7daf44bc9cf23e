"""Which labels the documents of a sample may have: some labels are for the documents of a group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.rules import Rules


class UsableLabels:
    """The labels that documents may have. If one may have none, all labels count.

    Args:
        rules: None: all documents may have all labels.
        ids: of the labels.
        groups: of each document.
    """

    def __init__(
        self, rules: Rules | None, ids: Sequence[str], groups: Sequence[frozenset[str]]
    ) -> None:
        names = [] if rules is None else rules.groups
        number = {name: at for at, name in enumerate(names, 1)}  # 0: for all documents
        of_label = {} if rules is None else rules.group_of
        self._group_of = np.array([number.get(of_label.get(id_, ""), 0) for id_ in ids], np.int64)
        self._is_in = np.zeros((len(groups), len(names) + 1), dtype=bool)
        self._is_in[:, 0] = True
        for row, some in enumerate(groups):
            self._is_in[row, [number[name] for name in some if name in number]] = True
        self._is_in[~self._is_in[:, np.unique(self._group_of)].any(axis=1)] = True

    def of(self, document: int) -> NDArray[np.bool_]:
        """Return bool[labels] for a document, given by its row."""
        found: NDArray[np.bool_] = self._is_in[document, self._group_of]
        return found

    def of_most(self, documents: Sequence[int] | NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return bool[labels]: whether most of these documents may have a label.

        If that is true of none, it is whether some of them may.
        """
        share = self._is_in[documents].mean(axis=0)[self._group_of]
        found: NDArray[np.bool_] = share > 0.5
        return found if found.any() else share > 0
