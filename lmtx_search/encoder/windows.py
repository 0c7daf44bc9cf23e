"""Reads long documents in several windows and combines the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

WindowPooling = Literal["mean", "max"]
Key = TypeVar("Key", int, str)


class WindowSettings(Protocol):
    """The settings for reading long documents."""

    @property
    def windows(self) -> int: ...  # noqa: D102

    @property
    def window_pooling(self) -> WindowPooling: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Windows:
    """How many windows of a document are read, and how their results are combined.

    ``mean`` averages the embeddings of the windows. With ``max`` each label gets its best score in
    any window. With one window both are the same.
    """

    most: int = 1
    pooling: WindowPooling = "mean"

    @classmethod
    def of(cls, settings: WindowSettings) -> Windows:
        """Return the windows of the settings."""
        return cls(settings.windows, settings.window_pooling)


ONE_WINDOW = Windows()

_WORD_TOKENS = 512


def word_windows(document_tokens: int, windows: int) -> int:
    """Return how many windows of a document words are read from: of 512 tokens, at least.

    Words cost next to nothing beside the layers of an encoder, and those behind the first window
    find many labels (docs/quality.md).

    Args:
        document_tokens: tokens of a window.
        windows: those that the encoder reads.
    """
    return max(windows, -(-_WORD_TOKENS // document_tokens))


class WindowEncoder(Protocol):
    """An encoder that reads texts in windows."""

    def encode_windows(
        self,
        texts: Sequence[str],
        most: int,
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Return the embeddings of all windows, and the number of windows of each text."""
        ...


def pooled_windows(
    encoder: WindowEncoder,
    texts: Sequence[str],
    windows: Windows,
    on_batch: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.float32], list[int]]:
    """Return the embeddings to compare with labels, and the number of embeddings of each text.

    Each text has one embedding, except with the pooling ``max``, whose results must be merged by
    :func:`best_of_windows`.
    """
    vectors, counts = encoder.encode_windows(texts, windows.most, on_batch=on_batch)
    if windows.pooling == "mean":
        return mean_of_windows(vectors, counts), [1] * len(counts)
    return vectors, counts


def mean_of_windows(vectors: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """Return the mean embedding of each text: float32[texts, dimension], rows of length 1.

    Args:
        vectors: float32[windows, dimension], text by text.
        counts: number of windows of each text, at least 1.
    """
    if len(counts) == len(vectors):
        return vectors
    starts = np.cumsum([0, *counts[:-1]])
    sums = np.add.reduceat(vectors, starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(lengths, 1e-12), dtype=np.float32)


def best_of_windows(
    rankings: Sequence[Sequence[tuple[Key, float]]], counts: Sequence[int], k: int
) -> list[list[tuple[Key, float]]]:
    """Return the k best labels of each text, each with its best score in any window.

    The result is exact if the ranking of each window contains its own k best labels.

    Args:
        rankings: (label, score) of each window, text by text.
        counts: number of windows of each text.
        k: number of labels of a text.

    >>> best_of_windows([[("a", 0.9), ("b", 0.5)], [("b", 0.7)]], [2], k=2)
    [[('a', 0.9), ('b', 0.7)]]
    """
    found: list[list[tuple[Key, float]]] = []
    start = 0
    for count in counts:
        best: dict[Key, float] = {}
        for ranking in rankings[start : start + count]:
            for label, score in ranking:
                best[label] = max(score, best.get(label, score))
        start += count
        found.append(sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:k])
    return found
