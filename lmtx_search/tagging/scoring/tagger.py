"""The tagger: from texts to tags with scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.windows import best_of_windows, pooled_windows
from lmtx_search.errors import UserError
from lmtx_search.records import Tag
from lmtx_search.tagging.scoring.broader import BroaderTags
from lmtx_search.tagging.scoring.ranking import ComparedLabels, LabelSearch, SearchedLabels
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import Manifest, TaggerVersion


class Tagger:
    """A loaded tagger version.

    Args:
        version: the version to load.
        threads: of the encoder (0: one for each core).
        search: finds labels if there are too many to compare all (None: all are compared).
    """

    def __init__(
        self, version: TaggerVersion, threads: int = 0, search: LabelSearch | None = None
    ) -> None:
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
        if self._encoder.dimension != manifest.dimension:
            raise UserError(
                f"{version.folder} has an encoder of {self._encoder.dimension} dimensions and "
                f"labels of {manifest.dimension}: deploy again"
            )
        self._labels: ComparedLabels | SearchedLabels = (
            SearchedLabels(version, search.nearest)
            if search and manifest.labels > search.exact_labels
            else ComparedLabels(version)
        )
        self._broader: BroaderTags | None = None

    def tag(self, texts: Sequence[str]) -> list[list[Tag]]:
        """Return the tags of each text, best first. An empty text has none.

        Changes of labels take effect with the next call.
        """
        labels = self._labels.current()
        if self.manifest.broader_tags and (
            self._broader is None or labels is not self._broader.labels
        ):
            self._broader = BroaderTags(labels)
        tags: list[list[Tag]] = [[] for _ in texts]
        rows = [row for row, text in enumerate(texts) if text.strip()]
        vectors, counts = self._encode([texts[row] for row in rows])
        best = best_of_windows(self._labels.best(vectors), counts, self.manifest.max_tags)
        for row, pairs in zip(rows, best, strict=True):
            tags[row] = [Tag(labels.names[i], labels.ids[i], score) for i, score in pairs]
        return tags

    def weights(self, tags: Sequence[Tag]) -> dict[str, float]:
        """Return scores by tag name for the pipeline, with marked names for broader labels."""
        if self._broader is None:
            return {tag.name: tag.score for tag in tags}
        return self._broader.weights(tags)

    def labels(self) -> LabelRows:
        """Return the current labels with their embeddings."""
        if isinstance(self._labels, ComparedLabels):
            return self._labels.current()
        return self._version.rows()

    def scores(self, text: str, labels: LabelRows) -> NDArray[np.float32]:
        """Return the score of the text with each label, float32[labels]."""
        vectors, _ = self._encode([text])
        scores: NDArray[np.float32] = (vectors @ labels.embeddings.T).max(axis=0)
        return scores

    def _encode(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[int]]:
        """Return the embeddings to compare, and the number of embeddings of each text."""
        return pooled_windows(self._encoder, texts, self.manifest.windows)
