"""How much evidence from words counts beside the cosine similarity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.words.importance import WordImportance


@dataclass(frozen=True, slots=True)
class WordWeights:
    """What each kind of evidence adds to the cosine similarity of document and label.

    Attributes:
        similarity: of the similarity of their TF-IDF vectors.
        share: of the share of the label's words that the document has, weighted by importance.
        complete: of having all of them.
    """

    similarity: float
    share: float
    complete: float

    def times(self, factor: float) -> WordWeights:
        """Return the weights multiplied by a factor."""
        return WordWeights(factor * self.similarity, factor * self.share, factor * self.complete)

    @property
    def highest(self) -> float:
        """The largest weighted sum that evidence can have."""
        return sum(max(0.0, weight) for weight in (self.similarity, self.share, self.complete))

    def of(
        self,
        similarity: NDArray[np.float32],
        share: NDArray[np.float32],
        complete: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return the weighted sum of the evidence, in the shape of the arguments."""
        total = self.similarity * similarity + self.share * share + self.complete * complete
        return np.asarray(total, dtype=np.float32)


DEFAULT_WEIGHTS = WordWeights(0.3, 0.1, 0.1)
"""The proportions that suit most collections (docs/quality.md)."""

DEFAULT_FACTOR = 0.5
"""What :data:`DEFAULT_WEIGHTS` are multiplied by."""

IMPORTANCE_FILE = "word_importance.npy"
"""Beside the encoder of a training run: float32[vocabulary], the importance of each token."""

OFFSETS_FILE = "label_offsets.json"
"""Beside the encoder of a training run, and in a version: offsets of labels, by id."""

WEIGHTS_FILE = "word_weights.json"
"""Beside the encoder of a cycle: the weights of words that answers chose."""


@dataclass(frozen=True)
class WordScoring:
    """How words count beside an encoder.

    Attributes:
        weights: what each kind of evidence adds to the cosine similarity.
        importance: of each token of the encoder's tokenizer, and of pairs of them.
        named: number of training documents that name a label, by id, for labels whose names are not
            common words. It moves thresholds, not scores.
        offsets: what is added to each score of a label, by id, because answers show that its
            scores are too high or too low (0 for others).
        windows: windows of a document that its words are read from. If the encoder reads more, they
            are read from all of those.
    """

    weights: WordWeights
    importance: WordImportance
    named: Mapping[str, int] = field(default_factory=dict)
    offsets: Mapping[str, float] = field(default_factory=dict)
    windows: int = 1

    @property
    def highest(self) -> float:
        """A score that hardly any label exceeds."""
        # Pairs raise the similarity of a short text above 1, and hardly ever above 2.
        of_pairs = 0.0 if self.importance.pairs is None else max(0.0, self.weights.similarity)
        highest_offset = max(0.0, max(self.offsets.values(), default=0.0))
        return 1.0 + self.weights.highest + of_pairs + highest_offset


def read_offsets(folder: Path) -> dict[str, float]:
    """Return the offsets of labels in a folder, by id (without the file: none).

    Raises:
        OSError, ValueError: the file is damaged.
    """
    try:
        found = json.loads((folder / OFFSETS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise ValueError("it contains no object")
    return {str(id_): float(offset) for id_, offset in found.items()}


def fitted(words: WordScoring | None, folder: Path) -> WordScoring | None:
    """Return how words count beside the encoder of a folder, as answers chose.

    Args:
        words: of the run (None: words do not count, and labels have no offsets). Its weights stay
            where answers chose none.

    Raises:
        OSError, TypeError, ValueError: a file is damaged.
    """
    if words is None:
        return None
    file = folder / WEIGHTS_FILE
    weights = words.weights
    if file.is_file():
        weights = WordWeights(**json.loads(file.read_text(encoding="utf-8")))
    return replace(words, weights=weights, offsets=read_offsets(folder))


def write_offsets(folder: Path, offsets: Mapping[str, float]) -> None:
    """Write the offsets of labels into a folder, completely or not at all."""
    _write(folder / OFFSETS_FILE, dict(offsets))


def write_weights(folder: Path, weights: WordWeights) -> None:
    """Write the weights of words into a folder, completely or not at all."""
    _write(folder / WEIGHTS_FILE, asdict(weights))


def _write(file: Path, values: Mapping[str, float]) -> None:
    partial = file.with_name(f"{file.name}.part")
    partial.write_text(json.dumps(values), encoding="utf-8")
    partial.replace(file)
