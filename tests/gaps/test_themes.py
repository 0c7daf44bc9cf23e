"""Themes without a label, and labels that mean the same, without a cluster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.gaps.find import find_themes
from lmtx_search.gaps.near_duplicates import near_duplicates
from lmtx_search.gaps.scored import ScoredSample, score_sample
from lmtx_search.gaps.themes import group_documents, telling_terms
from lmtx_search.progress import SILENT
from lmtx_search.records import Document
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_matrix import LabelRows
from tests.support.tiny_tagger import TEXTS, version_of

DIMENSION = 24
MAIL, CHESS = 0, 1
GARDENS = [f"roses and tulips in garden number {n}" for n in range(6)]
LETTERS = [f"mail of day {n}" for n in range(14)]


def near(axis: int, count: int, noise: float = 0.15) -> NDArray[np.float32]:
    """Return unit rows near an axis."""
    rows = np.random.default_rng(axis).normal(size=(count, DIMENSION)).astype(np.float32) * noise
    rows[:, axis] += 1
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


LABELS = LabelRows.of(
    ["m", "c"], ["Mail", "Chess"], np.eye(2, DIMENSION, dtype=np.float32), broader={}
)


@pytest.fixture
def scored() -> ScoredSample:
    """Letters, which a label fits, and texts about gardens, which none fits."""
    vectors = np.concatenate([near(MAIL, len(LETTERS)), near(7, len(GARDENS))])
    scores = vectors @ LABELS.embeddings.T
    documents = [Document(str(n), text) for n, text in enumerate([*LETTERS, *GARDENS])]
    return ScoredSample(
        documents,
        LABELS,
        vectors,
        scores.max(axis=1),
        scores.argmax(axis=1),
        scores.max(axis=0),
        scores.argmax(axis=0),
    )


def test_documents_that_no_label_fits_are_the_first_theme(scored: ScoredSample) -> None:
    (theme, *_), count = find_themes(scored, most=5)
    assert (theme.documents, theme.likeness > theme.nearness) == (len(GARDENS), True)
    assert {example.id for example in theme.examples} <= {str(n) for n in range(14, 20)}
    assert any("roses" in term for term in theme.terms)
    assert count >= 1


def test_the_command_of_a_theme_adds_a_label_with_a_telling_name(scored: ScoredSample) -> None:
    (theme, *_), _ = find_themes(scored, most=1)
    program, group, command, id_, text = theme.command.replace("'", "").split(maxsplit=4)
    assert (program, group, command) == ("lmtx-search", "labels", "add")
    assert (id_, text) == (theme.terms[0].replace(" ", "-"), theme.terms[0])


def test_too_few_documents_have_no_theme() -> None:
    vectors = near(7, 2)
    assert group_documents(vectors, np.zeros(2, np.float32), LABELS.embeddings) == []


def test_a_word_of_a_single_document_tells_nothing_about_its_theme() -> None:
    texts = ["roses orchids", "roses tulips", "mail letter", "mail stamp", "web", "chess", "so"]
    (terms,) = telling_terms(texts, [[0, 1]])
    assert terms == ["roses"]


def test_texts_that_share_no_word_have_no_terms() -> None:
    assert telling_terms(["one", "two", "three"], [[0, 1]]) == [[]]


def test_labels_that_mean_the_same_are_a_pair_unless_one_is_above_the_other() -> None:
    rows = np.concatenate([near(3, 1, 0.0), near(3, 2, 0.01), near(5, 1, 0.0)])
    labels = LabelRows.of(["a", "b", "c", "d"], ["A", "B", "C", "D"], rows, broader={"b": ("a",)})
    pairs = near_duplicates(labels, SILENT)
    assert {(labels.ids[p.first], labels.ids[p.second]) for p in pairs} == {("a", "c"), ("b", "c")}
    assert pairs[0].similarity >= pairs[1].similarity


def test_a_sample_is_scored_as_the_tagger_scores(tmp_path: Path) -> None:
    tagger = Tagger(version_of(tmp_path))
    documents = [Document(text, text) for text in TEXTS[:2]]
    scored = score_sample(tagger, documents, SILENT)
    for row, document in enumerate(documents):
        best = max(explain(tagger, document.text), key=lambda label: label.score)
        assert scored.labels.names[int(scored.best_label[row])] == best.name
        assert round(float(scored.best[row]), 4) == best.score
    assert scored.label_best_at[0] == 0


def test_no_label_is_proposed_that_exists() -> None:
    texts = [f"Music scores and notes, part {n}" for n in range(4)]
    texts += [f"Another subject, number {n}" for n in range(12)]
    rows = np.eye(16, dtype=np.float32)
    vectors = np.stack([rows[0]] * 4 + [rows[n] for n in range(1, 13)])
    scored = ScoredSample(
        documents=[Document(str(n), text) for n, text in enumerate(texts)],
        labels=LabelRows(["m"], ["Music scores"], ["Music scores"], rows[15:]),
        vectors=vectors,
        best=np.array([0.1] * 4 + [0.9] * 12, dtype=np.float32),
        best_label=np.zeros(16, dtype=np.int64),
        label_best=np.array([0.9], dtype=np.float32),
        label_best_at=np.array([0]),
    )
    (theme,), _ = find_themes(scored, 5)
    assert "music scores" in theme.terms
    assert theme.command != "lmtx-search labels add music-scores 'music scores'"
    assert theme.command.startswith("lmtx-search labels add ")
