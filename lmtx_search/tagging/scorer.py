"""The tagger itself: texts in, tags with scores out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.records import Tag
from lmtx_search.tagging.version import Manifest, TaggerVersion, tag_names

LEAST_SCORE = 1e-4
"""Least score of a tag, whatever the threshold: neural-search takes positive weights only."""

# Scores of this many pairs of document and label are held at a time (64 MB).
_PAIRS = 16_000_000


class Nearest(Protocol):
    """Finds labels near to embeddings, in an index."""

    def __call__(
        self, encoder_digest: str, vectors: NDArray[np.float32], k: int
    ) -> list[list[tuple[str, float]]]:
        """Return for each of float32[n, dimension] its k nearest labels: (id, cosine)."""
        ...


@dataclass(frozen=True, slots=True)
class LabelSearch:
    """For versions with more than ``exact_labels`` labels: they are found by ``nearest``."""

    exact_labels: int
    nearest: Nearest


class Tagger:
    """A loaded tagger version.

    Args:
        version: the version to load.
        threads: threads of the encoder; 0 takes all cores.
        search: how labels are found where there are too many to compare all; None: all are.

    Attributes:
        names, ids: of the labels, in the order of the embeddings' rows.
    """

    def __init__(
        self, version: TaggerVersion, threads: int = 0, search: LabelSearch | None = None
    ) -> None:
        manifest = version.manifest
        self.manifest: Manifest = manifest
        self._encoder = OnnxEncoder(
            version.encoder_folder,
            manifest.document_tokens,
            threads=threads,
            precision=manifest.precision,
        )
        if self._encoder.dimension != manifest.dimension:
            raise UserError(
                f"{version.folder} has an encoder of {self._encoder.dimension} dimensions and "
                f"labels of {manifest.dimension}: deploy again"
            )
        labels = list(version.labels())
        self.ids = [label.id for label in labels]
        self.names = tag_names(labels)
        self._nearest = search.nearest if search and len(labels) > search.exact_labels else None
        self._columns = {label.id: i for i, label in enumerate(labels)} if self._nearest else {}
        self._version = version
        self._embeddings = None if self._nearest else version.embeddings()

    def tag(self, texts: Sequence[str]) -> list[list[Tag]]:
        """Return each text's tags, best first; an empty text has none."""
        tags: list[list[Tag]] = [[] for _ in texts]
        rows = [row for row, text in enumerate(texts) if text.strip()]
        vectors = self._encoder.encode([texts[row] for row in rows])
        for row, pairs in zip(rows, self._best(vectors), strict=True):
            tags[row] = [Tag(self.names[i], self.ids[i], score) for i, score in pairs]
        return tags

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """float32[labels, dimension], each row of length 1."""
        if self._embeddings is None:
            return self._version.embeddings()
        return self._embeddings

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[texts, labels]: the cosine score of each pair."""
        return self._encoder.encode(texts) @ self.embeddings.T

    def _best(self, vectors: NDArray[np.float32]) -> list[list[tuple[int, float]]]:
        if self._embeddings is None:
            return self._found(vectors)
        step = max(1, _PAIRS // max(1, len(self.names)))
        best: list[list[tuple[int, float]]] = []
        for start in range(0, len(vectors), step):
            scores = vectors[start : start + step] @ self._embeddings.T
            best += top_scores(scores, self.manifest.max_tags, self.manifest.threshold)
        return best

    def _found(self, vectors: NDArray[np.float32]) -> list[list[tuple[int, float]]]:
        assert self._nearest is not None
        manifest = self.manifest
        least = max(manifest.threshold, LEAST_SCORE)
        return [
            # A label that was loaded after this version was made is none of its.
            [
                (self._columns[label], round(score, 4))
                for label, score in ranking
                if score >= least and label in self._columns
            ]
            for ranking in self._nearest(manifest.encoder_digest, vectors, manifest.max_tags)
        ]


def top_scores(
    scores: NDArray[np.float32], k: int, threshold: float
) -> list[list[tuple[int, float]]]:
    """Return for each row of float32[n, labels] its k best columns at or above the threshold.

    Pairs of (column, score rounded to four decimals), best first; none below
    :data:`LEAST_SCORE`.
    """
    if not scores.size:
        return [[] for _ in range(len(scores))]
    k = min(k, scores.shape[1])
    columns = np.argpartition(scores, -k, axis=1)[:, -k:]
    chosen = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-chosen, axis=1, kind="stable")
    columns = np.take_along_axis(columns, order, axis=1)
    chosen = np.take_along_axis(chosen, order, axis=1)
    least = max(threshold, LEAST_SCORE)
    return [
        [
            (int(column), round(float(score), 4))
            for column, score in zip(row_columns, row_scores, strict=True)
            if score >= least
        ]
        for row_columns, row_scores in zip(columns, chosen, strict=True)
    ]
