"""Exact search in memory, a few rows of scores at a time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.encoder import nearest as module
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.windows import Windows
from lmtx_search.evaluation.report.health import near_duplicates
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring
from tests.support.tiny_encoder import make_tiny_encoder
from tests.support.tiny_tagger import LABELS, TEXTS, WITH_PAIRS

# Bytes of a score while the best ones are found: itself, its negative and its position.
BYTES = 16
PAIRS = 20_000


@pytest.mark.parametrize(
    "search",
    [
        lambda vectors: nearest(vectors, vectors, range(len(vectors)), 3),
        lambda vectors: near_duplicates([str(row) for row in range(len(vectors))], vectors),
    ],
)
def test_only_scores_that_fit_into_memory_are_there_at_a_time(
    search: Callable[[NDArray[np.float32]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAIRS", PAIRS)
    vectors = np.random.default_rng(0).normal(size=(1000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    search(vectors[:10])  # what the first call imports
    tracemalloc.start()
    result = search(vectors)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result is not None
    assert peak - kept < 2 * BYTES * PAIRS


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_the_number_of_rows_at_a_time_does_not_change_the_result(
    pooling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    vectors = encoder.encode_labels([label.text for label in LABELS])
    ids = [label.id for label in LABELS]
    words = WordScoring(DEFAULT_WEIGHTS, WITH_PAIRS)
    reader = TextReader(encoder, Windows(3, "max" if pooling == "max" else "mean"), words)
    whole = rank_labels(reader, TEXTS, LABELS, ids, vectors, 3)
    monkeypatch.setattr(module, "_PAIRS", 2 * len(LABELS))
    in_parts = rank_labels(reader, TEXTS, LABELS, ids, vectors, 3)
    assert [[label for label, _ in one] for one in in_parts] == [
        [label for label, _ in one] for one in whole
    ]
    scores = [[score for _, score in one] for one in in_parts]
    assert scores == [pytest.approx([score for _, score in one], abs=1e-5) for one in whole]
