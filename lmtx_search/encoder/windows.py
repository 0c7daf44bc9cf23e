"""Long documents, read in several windows: how one answer is made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.nearest import nearest

WindowPooling = Literal["mean", "max"]
Key = TypeVar("Key", int, str)


class ToldOfWindows(Protocol):
    """Settings, as far as they tell how long documents are read."""

    @property
    def windows(self) -> int: ...  # noqa: D102

    @property
    def window_pooling(self) -> WindowPooling: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Windows:
    """How many windows of a document are read, and how their answers become one.

    ``mean`` averages the windows' embeddings; with ``max`` each label has its best score of all
    windows. With one window both are that window.
    """

    most: int = 1
    pooling: WindowPooling = "mean"

    @classmethod
    def of(cls, told: ToldOfWindows) -> Windows:
        """Return what settings say."""
        return cls(told.windows, told.window_pooling)


ONE_WINDOW = Windows()


class EncodesWindows(Protocol):
    """An encoder, as far as it is needed here."""

    def encode_windows(
        self,
        texts: Sequence[str],
        most: int,
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Return the windows' embeddings, and how many each text has."""
        ...


def pooled_windows(
    encoder: EncodesWindows,
    texts: Sequence[str],
    windows: Windows,
    on_batch: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.float32], list[int]]:
    """Return the embeddings that labels are compared with, and how many of them each text has.

    One each, but for the pooling ``max``: what they find is then merged (:func:`best_of_windows`).
    """
    vectors, counts = encoder.encode_windows(texts, windows.most, on_batch=on_batch)
    if windows.pooling == "mean":
        return mean_of_windows(vectors, counts), [1] * len(counts)
    return vectors, counts


def nearest_labels(
    encoder: EncodesWindows,
    texts: Sequence[str],
    windows: Windows,
    labels: NDArray[np.float32],
    ids: Sequence[str],
    k: int,
    on_batch: Callable[[int], None] | None = None,
) -> list[list[tuple[str, float]]]:
    """Return the k nearest labels of each text, exactly: (id, cosine), best first.

    Args:
        labels: float32[labels, dimension]. ids: of these.
    """
    vectors, counts = pooled_windows(encoder, texts, windows, on_batch)
    return best_of_windows(nearest(vectors, labels, ids, k), counts, k)


def mean_of_windows(vectors: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """Return float32[texts, dimension], rows of length 1, from the embeddings of their windows.

    Args:
        vectors: float32[windows, dimension], text by text.
        counts: how many windows each text has, at least 1.
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
    """Return each text's k best labels, each with its best score of all windows.

    Exact where each window's ranking holds its own k best.

    Args:
        rankings: (label, score) of each window, text by text.
        counts: how many windows each text has.
        k: labels of a text.

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
