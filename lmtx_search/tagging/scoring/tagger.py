"""The tagger: from texts to tags with scores."""

from __future__ import annotations

from collections.abc import Sequence

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader
from lmtx_search.errors import UserError
from lmtx_search.records import Tag
from lmtx_search.tagging.scoring.broader import BroaderTags
from lmtx_search.tagging.scoring.ranking import ComparedLabels, LabelSearch
from lmtx_search.tagging.scoring.searched import SearchedLabels
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
        encoder = OnnxEncoder(
            version.document_encoder_folder,
            manifest.document_tokens,
            threads=threads,
            precision=manifest.precision,
        )
        if encoder.dimension != manifest.dimension:
            raise UserError(
                f"{version.folder} has an encoder of {encoder.dimension} dimensions and "
                f"labels of {manifest.dimension}: deploy again"
            )
        words = None if manifest.words is None else version.words(len(encoder.vocabulary()))
        self.reader = TextReader(encoder, manifest.windows, words)
        self._labels: ComparedLabels | SearchedLabels = (
            SearchedLabels(version, search.nearest, self.reader.label_forms())
            if search and manifest.labels > search.exact_labels
            else ComparedLabels(version, self.reader.label_forms())
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
        best = self._labels.best(self.reader.read([texts[row] for row in rows]))
        for row, pairs in zip(rows, best, strict=True):
            tags[row] = [Tag(labels.names[i], labels.ids[i], score) for i, score in pairs]
        return tags

    def weights(self, tags: Sequence[Tag]) -> dict[str, float]:
        """Return scores by tag name for the pipeline, with marked names for broader labels."""
        if self._broader is None:
            return {tag.name: tag.score for tag in tags}
        return self._broader.weights(tags)

    def compared(self) -> ComparedLabels:
        """Return the current labels for comparing all of them with a text."""
        if isinstance(self._labels, ComparedLabels):
            return self._labels
        return ComparedLabels(self._version, self.reader.label_forms())
