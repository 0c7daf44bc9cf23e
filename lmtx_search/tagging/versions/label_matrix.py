"""The labels of a tagger as rows of one matrix, with ids and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lmtx_search.records import unique_names
from lmtx_search.tagging.versions.label_changes import LabelChange


@dataclass(frozen=True, slots=True)
class LabelRows:
    """L labels in one order.

    Attributes:
        names: the labels' names as tags.
        embeddings: float32[L, dimension], or float32[L, 0] without embeddings.
        change: number of the last change that is included.
        broader: parent ids by label id, for labels that have parents.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    names: Sequence[str]
    embeddings: NDArray[np.float32]
    change: int = 0
    broader: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        texts: Sequence[str],
        embeddings: NDArray[np.float32],
        change: int = 0,
        broader: Mapping[str, Sequence[str]] | None = None,
    ) -> LabelRows:
        """Return the rows of labels with these ids and texts."""
        return cls(ids, texts, unique_names(texts, ids), embeddings, change, broader or {})

    def after(self, change: LabelChange) -> LabelRows:
        """Return the rows after a change, without modifying these.

        Existing labels keep their rows, and new ones follow at the end.
        """
        ids, texts = list(self.ids), list(self.texts)
        rows = {id_: row for row, id_ in enumerate(ids)}
        new = [at for at, label in enumerate(change.puts) if label.id not in rows]
        vectors = change.embeddings[:, : self.embeddings.shape[1]]
        embeddings = np.concatenate([self.embeddings, vectors[new]])
        for at in new:
            ids.append(change.puts[at].id)
            texts.append(change.puts[at].text)
        for at, label in enumerate(change.puts):
            if (row := rows.get(label.id)) is not None:
                texts[row] = label.text
                embeddings[row] = vectors[at]
        if gone := [rows[id_] for id_ in change.retired if id_ in rows]:
            remaining = np.setdiff1d(np.arange(len(ids)), gone)
            ids, texts = [ids[row] for row in remaining], [texts[row] for row in remaining]
            embeddings = embeddings[remaining]
        put = {label.id: label.broader for label in change.puts}
        broader = {**self.broader, **put, **dict.fromkeys(change.retired, ())}
        some = {id_: above for id_, above in broader.items() if above}
        return LabelRows.of(ids, texts, embeddings, change.number, some)
