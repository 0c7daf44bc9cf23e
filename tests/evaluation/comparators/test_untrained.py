"""Comparators that rank by the untrained encoder: alone, centered, fused, and with words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.windows import Windows
from lmtx_search.evaluation.comparators import ComparisonContext, open_comparator
from lmtx_search.evaluation.comparators.encoder_words import EncoderWords
from lmtx_search.evaluation.comparators.fusion import fused
from lmtx_search.evaluation.comparators.score_ranking import best, parts, rank_by_scores
from lmtx_search.evaluation.comparators.untrained import Untrained, read_untrained
from lmtx_search.progress import SILENT
from lmtx_search.records import Document, Label
from lmtx_search.training.centering import Center
from tests.evaluation.conftest import LABELS
from tests.support.tiny_encoder import DIMENSION, make_tiny_encoder


def with_labels(context: ComparisonContext, untrained: Untrained) -> ComparisonContext:
    return replace(context, untrained=lambda progress: untrained)


@pytest.fixture
def hubs() -> Untrained:
    """Label 0 is near the mean of all documents, label 1 near what sets document a apart."""
    documents = np.array([[0.9, 0.4, 0.0], [0.9, 0.0, 0.4], [0.9, -0.2, -0.2]], dtype=np.float32)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    labels = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    center = Center(documents.mean(axis=0), 1.0, 9.0)
    return Untrained(labels, documents, [1, 1, 1], center, 0.0)


def test_frozen_ranks_by_cosine(context: ComparisonContext) -> None:
    found = open_comparator("frozen").run(context, SILENT)
    assert found.output.rankings["a"] == ["chess", "mail"]


def test_a_document_without_text_gets_no_labels() -> None:
    documents = [Document("a", " "), Document("b", "chess")]
    scores = np.ones((2, 2), dtype=np.float32)
    found = rank_by_scores("x", documents, ["l", "m"], lambda part: scores[part], SILENT)
    assert found.rankings == {"b": ["l", "m"]}


def test_centering_takes_a_hub_from_the_first_place(
    context: ComparisonContext, hubs: Untrained
) -> None:
    where = with_labels(context, hubs)
    plain = open_comparator("frozen").run(where, SILENT)
    centered = open_comparator("centered").run(where, SILENT)
    assert plain.output.rankings["a"] == ["chess", "mail"]
    assert centered.output.rankings["a"] == ["mail", "chess"]
    assert centered.note == "centered by 1.00"


def test_without_training_documents_nothing_is_centered(tmp_path: Path) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "tiny"), 64)
    documents = [Document("a", "chess")]
    found = read_untrained(encoder, encoder, Windows(), LABELS, documents, [], SILENT)
    assert found.center.weight == 0.0
    assert found.labels.shape == (2, DIMENSION)
    assert np.array_equal(
        found.cosines(slice(0, 1), centered=True), found.cosines(slice(0, 1), centered=False)
    )


def test_each_label_gets_its_best_window(hubs: Untrained) -> None:
    vectors = np.eye(3, dtype=np.float32)
    windows = replace(hubs, vectors=vectors, counts=[2, 1])
    assert windows.cosines(slice(0, 2), centered=False).tolist() == [[1, 1], [0, 0]]
    assert windows.cosines(slice(1, 2), centered=False).tolist() == [[0, 0]]


def test_fusion_adds_reciprocal_ranks_and_places_the_other_labels_by_cosine() -> None:
    cosines = np.linspace(0.9, -0.9, 13, dtype=np.float32)[None]
    other = np.full((1, 13), -np.inf, dtype=np.float32)
    other[0, [1, 11]] = 0.5, 0.4
    found = fused(cosines, other)[0]
    assert found[:2] == pytest.approx([1 / 61, 1 / 62 + 1 / 61])
    assert found[11] == pytest.approx(1 / 62)
    assert np.argsort(-found, kind="stable").tolist() == [1, 0, 11, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]


def test_fusion_puts_what_both_sides_find_first(context: ComparisonContext) -> None:
    found = open_comparator("fusion").run(context, SILENT)
    assert found.output.rankings["a"][0] == "chess"
    assert found.output.rankings["b"][0] == "mail"


def test_a_name_in_the_text_decides_between_labels_that_are_equally_near(
    context: ComparisonContext, hubs: Untrained
) -> None:
    same = replace(hubs, labels=np.ones((2, 3), dtype=np.float32) / np.sqrt(3).astype(np.float32))
    labels = [Label("web", "web"), Label("chess", "chess plays")]
    where = replace(with_labels(context, same), labels=labels)
    found = open_comparator("frozen-words").run(where, SILENT)
    assert found.output.rankings["a"] == ["chess", "web"]
    assert found.output.rankings["c"] == ["web", "chess"]


def test_words_are_read_no_further_than_the_encoder_reads(context: ComparisonContext) -> None:
    words = EncoderWords(load_encoder(context.settings, max_tokens=8))
    near, far = words.of(["chess " + "a " * 20, "a " * 20 + "chess"])
    assert near[0] not in far
    assert len(near) == len(far) == 8


def test_a_synonym_counts_like_the_name(context: ComparisonContext) -> None:
    from lmtx_search.words.weights import DEFAULT_WEIGHTS

    words = EncoderWords(load_encoder(context.settings, max_tokens=64))
    labels = [Label("x", "web", synonyms=("chess",)), Label("y", "chess", synonyms=("web",))]
    scores = words.of_labels(labels, []).scores(words.of(["chess"]), DEFAULT_WEIGHTS)
    assert scores[0, 0] == pytest.approx(scores[0, 1])
    assert scores[0, 0] > 0


def test_a_word_that_the_encoder_does_not_know_is_no_evidence(context: ComparisonContext) -> None:
    words = EncoderWords(load_encoder(context.settings, max_tokens=64))
    assert [list(found) for found in words.of(["zzz", "qqq chess"])] == [[], [1]]


def test_equal_scores_are_ranked_by_position_and_no_score_is_not_ranked() -> None:
    scores = np.array([[0.5, -np.inf, 0.7, 0.5]], dtype=np.float32)
    assert [row.tolist() for row in best(scores)] == [[2, 0, 3]]


def test_all_documents_are_ranked_however_many_labels_there_are() -> None:
    assert list(parts(5, 5_000_000)) == [slice(n, n + 1) for n in range(5)]
    assert [p.stop for p in parts(600, 10)] == [256, 512, 600]
    documents = [Document(str(n), "x") for n in range(600)]

    def scores(part: slice) -> NDArray[np.float32]:
        return np.zeros((part.stop - part.start, 1), dtype=np.float32)

    found = rank_by_scores("x", documents, ["l"], scores, SILENT)
    assert len(found.rankings) == 600


@pytest.mark.parametrize(
    ("name", "earlier"),
    [("frozen", ""), ("centered", ""), ("fusion", ""), ("fusion-chars", ""), ("frozen-words", "2")],
)
def test_stored_results_with_labels_of_documents_without_text_are_not_shown(
    name: str, earlier: str, context: ComparisonContext
) -> None:
    assert open_comparator(name).identity(context) != earlier
