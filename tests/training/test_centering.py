"""Shortlists that hubs do not fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from lmtx_search.encoder.nearest import nearest
from lmtx_search.records import Document
from lmtx_search.training.centering import find_center, occurrence_skewness, open_shortlister
from lmtx_search.training.shortlist import embed_once

LABELS = 60
DIMENSION = LABELS + 1
# Every label has a direction of its own; the first ones also point where all documents do.
VECTORS = np.eye(LABELS, DIMENSION, dtype=np.float32)
IDS = [f"l{number}" for number in range(LABELS)]


class Encoder:
    """A document "7 0.9" is about label 7, and with weight 0.9 about what all labels' hub is."""

    digest, dimension = "d", DIMENSION

    def encode(self, texts: Sequence[str], *, on_batch: Any = None) -> Any:
        rows = []
        for text in texts:
            number, common = text.split()
            row = np.full(DIMENSION, 0.0)
            for step in range(9):  # other labels are a little near, each to other documents
                row[1 + (int(number) - 1 + step) % (LABELS - 1)] = 0.3 - 0.03 * step
            row[0] += float(common)
            rows.append(row / np.linalg.norm(row))
        return np.array(rows, dtype=np.float32)


def search(queries: Any, k: int, words: Any = None) -> Any:
    return nearest(queries, VECTORS, IDS, k)


def documents(common: float) -> list[Document]:
    return [Document(str(n), f"{1 + n % (LABELS - 1)} {common}") for n in range(118)]


def embedded(given: Sequence[Document], encoder: type[Encoder] = Encoder) -> Any:
    return encoder().encode([document.text for document in given])


def first(common: float, centered: bool) -> list[str]:
    given = documents(common)
    made = open_shortlister(
        Encoder(), search, 1, documents=given, labels=LABELS, tokens=128, centered=centered
    )
    return [ranking[0][0] for _, ranking in made.shortlists(given)]


def test_a_hub_that_all_documents_are_near_to_does_not_come_first_any_more() -> None:
    expected = [f"l{1 + n % (LABELS - 1)}" for n in range(118)]
    assert first(0.9, centered=False) == ["l0"] * 118
    assert first(0.9, centered=True) == expected


def test_documents_that_the_mean_was_taken_from_are_embedded_once() -> None:
    seen: list[str] = []

    class Counting(Encoder):
        def encode(self, texts: Sequence[str], *, on_batch: Any = None) -> Any:
            seen.extend(texts)
            return super().encode(texts, on_batch=on_batch)

    given = documents(0.9)
    more = Document("more", "5 0.5")
    made = open_shortlister(Counting(), search, 1, documents=given, labels=LABELS, tokens=128)
    found = {document.id: ranking for document, ranking in made.shortlists([*given[:3], more])}
    assert seen == [*(document.text for document in given), more.text]
    assert found["more"][0][0] == "l5"


def test_embeddings_that_are_known_are_not_made_again_and_new_ones_are_kept() -> None:
    class Refusing(Encoder):
        def encode(self, texts: Sequence[str], *, on_batch: Any = None) -> Any:
            raise AssertionError(f"embedded again: {list(texts)}")

    given = documents(0.9)
    known: dict[str, Any] = {}
    embed_once(Encoder(), given, known)
    made = open_shortlister(Encoder(), search, 1, documents=given, labels=LABELS, tokens=128)
    expected = list(made.shortlists(given))
    again = open_shortlister(
        Refusing(), search, 1, documents=given, labels=LABELS, tokens=128, known=known
    )
    assert list(again.shortlists(given)) == expected
    assert known.keys() == {document.id for document in given}


def test_centered_documents_have_length_one() -> None:
    vectors = embedded(documents(0.9))
    moved = find_center(vectors, search, LABELS)(vectors)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_without_hubs_documents_stay_as_they_are() -> None:
    class Even(Encoder):
        def encode(self, texts: Sequence[str], *, on_batch: Any = None) -> Any:
            # Near to ten labels in a row, each label as often as the others.
            rows = np.zeros((len(texts), DIMENSION), dtype=np.float32)
            for row, text in enumerate(texts):
                rows[row, [(int(text.split()[0]) + step) % LABELS for step in range(10)]] = 1.0
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    even = [Document(str(n), f"{n % LABELS} 0") for n in range(120)]
    vectors = embedded(even, Even)
    center = find_center(vectors, search, LABELS)
    assert center.weight == 0.0
    assert (center(vectors) == vectors).all()


def test_skewness_grows_with_a_hub_and_not_with_the_number_of_labels() -> None:
    even, hub = [10] * 50, [10] * 49 + [400]
    assert occurrence_skewness(even, 50) == 0.0
    assert occurrence_skewness(hub, 50) > 5.0
    # 4,000 places drawn at random from 100,000 labels: skewed, but by chance alone.
    random = np.bincount(np.random.default_rng(0).integers(0, 100_000, 4000))
    assert occurrence_skewness(random[random > 0].tolist(), 100_000) < 0.5
