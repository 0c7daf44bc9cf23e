"""The tagger: from texts to tags with scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader
from lmtx_search.errors import UserError
from lmtx_search.records import Tag
from lmtx_search.tagging.scoring.broader import BroaderTags
from lmtx_search.tagging.scoring.ranking import ComparedLabels, LabelSearch
from lmtx_search.tagging.scoring.searched import SearchedLabels
from lmtx_search.tagging.scoring.weights import PROBABILITY, SUGGESTED
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import Manifest, TaggerVersion


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the labels that score enough for a text: lists of tags, best first."""

    applied: list[Tag]
    suggested: list[Tag]


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

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer of the encoder that reads documents."""
        return self._version.document_encoder_folder / TOKENIZER_FILE

    def tag(self, texts: Sequence[str]) -> list[list[Tag]]:
        """Return the tags of each text, best first. An empty text has none.

        Changes of labels take effect with the next call.
        """
        return [decision.applied for decision in self.decide(texts)]

    def decide(self, texts: Sequence[str]) -> list[Decision]:
        """Return the tags and the suggestions of each text. An empty text has none.

        Changes of labels take effect with the next call.
        """
        labels = self._labels.current()
        if self.manifest.broader_tags and (
            self._broader is None or labels is not self._broader.labels
        ):
            self._broader = BroaderTags(labels)
        decisions = [Decision([], []) for _ in texts]
        rows = [row for row, text in enumerate(texts) if text.strip()]
        both = self._labels.best(self.reader.read([texts[row] for row in rows]))
        for row, applied, suggested in zip(rows, *both, strict=True):
            decisions[row] = Decision(self._tags(labels, applied), self._tags(labels, suggested))
        return decisions

    def _tags(self, labels: LabelRows, pairs: Sequence[tuple[int, float]]) -> list[Tag]:
        ids = [labels.ids[row] for row, _ in pairs]
        bands = self.manifest.bands
        known: list[float] | list[None] = [None] * len(pairs)
        if bands is not None:
            scores = np.array([score for _, score in pairs])
            known = bands.probabilities(scores, bands.rows(ids)).tolist()
        return [
            Tag(labels.names[row], id_, score, probability)
            for id_, (row, score), probability in zip(ids, pairs, known, strict=True)
        ]

    def weights(self, decision: Decision) -> dict[str, float]:
        """Return the answer to the pipeline: numbers by name, with marks (``weights.py``)."""
        found = (
            {tag.name: tag.score for tag in decision.applied}
            if self._broader is None
            else self._broader.weights(decision.applied)
        )
        found |= {SUGGESTED + tag.name: tag.score for tag in decision.suggested}
        return found | {
            PROBABILITY + tag.name: tag.probability
            for tag in (*decision.applied, *decision.suggested)
            if tag.probability is not None
        }

    def compared(self) -> ComparedLabels:
        """Return the current labels for comparing all of them with a text."""
        if isinstance(self._labels, ComparedLabels):
            return self._labels
        return ComparedLabels(self._version, self.reader.label_forms())
