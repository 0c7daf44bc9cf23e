"""The tagger itself: texts in, tags with scores out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Tag
from lmtx_search.tagging.label_rows import LabelRows
from lmtx_search.tagging.version import Manifest, TaggerVersion

LEAST_SCORE = 1e-4
"""Least score of a tag, whatever the threshold: neural-search takes positive weights only."""

# Scores of this many pairs of document and label are held at a time (64 MB).
_PAIRS = 16_000_000


class Tagger:
    """A loaded tagger version.

    Args:
        version: the version to load.
        threads: threads of the encoder; 0 takes all cores.
    """

    def __init__(self, version: TaggerVersion, threads: int = 0) -> None:
        version.check()
        manifest = version.manifest
        self._version = version
        self.manifest: Manifest = manifest
        self._encoder = OnnxEncoder(
            version.encoder_folder,
            manifest.document_tokens,
            threads=threads,
            precision=manifest.precision,
        )
        self._rows = version.rows()

    def tag(self, texts: Sequence[str]) -> list[list[Tag]]:
        """Return each text's tags, best first; an empty text has none.

        Labels that changed since are the changed ones from the next call on.
        """
        labels = self._current()
        tags: list[list[Tag]] = [[] for _ in texts]
        rows = [row for row, text in enumerate(texts) if text.strip()]
        vectors = self._encoder.encode([texts[row] for row in rows])
        for row, pairs in zip(rows, self._best(vectors, labels), strict=True):
            tags[row] = [Tag(labels.names[i], labels.ids[i], score) for i, score in pairs]
        return tags

    def _current(self) -> LabelRows:
        for change in self._version.changes(after=self._rows.change):
            self._rows = self._rows.after(change)
        return self._rows

    def _best(
        self, vectors: NDArray[np.float32], labels: LabelRows
    ) -> list[list[tuple[int, float]]]:
        step = max(1, _PAIRS // max(1, len(labels.names)))
        best: list[list[tuple[int, float]]] = []
        for start in range(0, len(vectors), step):
            scores = vectors[start : start + step] @ labels.embeddings.T
            best += top_scores(scores, self.manifest.max_tags, self.manifest.threshold)
        return best


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
