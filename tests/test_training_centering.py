"""Shortlists that hubs do not fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from lmtx_search.encoder.nearest import nearest
from lmtx_search.records import Document
from lmtx_search.training.centering import NO_CENTER, find_center, occurrence_skewness
from lmtx_search.training.shortlist import Shortlister

LABELS = 60
DIMENSION = LABELS + 1
# Every label has a direction of its own; the first ones also point where all documents do.
VECTORS = np.eye(LABELS, DIMENSION, dtype=np.float32)
IDS = [f"l{number}" for number in range(LABELS)]


class Encoder:
    """A document "7 0.9" is about label 7, and with weight 0.9 about what all labels' hub is."""

    digest, dimension = "d", DIMENSION

    def encode(self, texts: Sequence[str]) -> Any:
        rows = []
        for text in texts:
            number, common = text.split()
            row = np.full(DIMENSION, 0.0)
            for step in range(9):  # other labels are a little near, each to other documents
                row[1 + (int(number) - 1 + step) % (LABELS - 1)] = 0.3 - 0.03 * step
            row[0] += float(common)
            rows.append(row / np.linalg.norm(row))
        return np.array(rows, dtype=np.float32)


def search(queries: Any, k: int) -> Any:
    return nearest(queries, VECTORS, IDS, k)


def documents(common: float) -> list[Document]:
    return [Document(str(n), f"{1 + n % (LABELS - 1)} {common}") for n in range(118)]


def first(common: float, center: Any) -> list[str]:
    found = Shortlister(Encoder(), search, 1, center).shortlists(documents(common))
    return [ranking[0][0] for _, ranking in found]


def test_a_hub_that_all_documents_are_near_to_does_not_come_first_any_more() -> None:
    expected = [f"l{1 + n % (LABELS - 1)}" for n in range(118)]
    assert first(0.9, NO_CENTER) == ["l0"] * 118
    assert first(0.9, find_center(Encoder(), search, documents(0.9), LABELS)) == expected


def test_centered_documents_have_length_one() -> None:
    center = find_center(Encoder(), search, documents(0.9), LABELS)
    moved = center(Encoder().encode([document.text for document in documents(0.9)]))
    assert np.linalg.norm(moved, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_without_hubs_documents_stay_as_they_are() -> None:
    class Even(Encoder):
        def encode(self, texts: Sequence[str]) -> Any:
            # Near to ten labels in a row, each label as often as the others.
            rows = np.zeros((len(texts), DIMENSION), dtype=np.float32)
            for row, text in enumerate(texts):
                rows[row, [(int(text.split()[0]) + step) % LABELS for step in range(10)]] = 1.0
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    even = [Document(str(n), f"{n % LABELS} 0") for n in range(120)]
    center = find_center(Even(), search, even, LABELS)
    vectors = Even().encode([document.text for document in even])
    assert center.weight == 0.0
    assert (center(vectors) == vectors).all()


def test_skewness_grows_with_a_hub_and_not_with_the_number_of_labels() -> None:
    even, hub = [10] * 50, [10] * 49 + [400]
    assert occurrence_skewness(even, 50) == 0.0
    assert occurrence_skewness(hub, 50) > 5.0
    # 4,000 places drawn at random from 100,000 labels: skewed, but by chance alone.
    random = np.bincount(np.random.default_rng(0).integers(0, 100_000, 4000))
    assert occurrence_skewness(random[random > 0].tolist(), 100_000) < 0.5
