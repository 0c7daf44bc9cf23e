"""Themes without a label, and labels too many, without a cluster."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.cluster.judgments.rejections import Rejections, rejections
from lmtx_search.gaps.find import _add, find_themes
from lmtx_search.gaps.near_duplicates import Pair, near_duplicates
from lmtx_search.gaps.scored import ScoredSample, score_sample
from lmtx_search.gaps.surplus import (
    near_duplicate_labels,
    rejected_labels,
    suggested_only,
    unused_labels,
)
from lmtx_search.gaps.themes import group_documents
from lmtx_search.gaps.usable import UsableLabels
from lmtx_search.progress import SILENT
from lmtx_search.records import Document, Judgment
from lmtx_search.rules import Rules
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
    assert theme.command is not None
    program, group, command, id_, text = theme.command.replace("'", "").split(maxsplit=4)
    assert (program, group, command) == ("lmtx-search", "labels", "add")
    assert (id_, text) == (theme.terms[0].replace(" ", "-"), theme.terms[0])


def test_an_index_about_one_subject_that_no_label_fits_is_a_theme() -> None:
    vectors = near(7, 40)
    (group,) = group_documents(vectors, np.zeros(40, np.float32), LABELS.embeddings)
    assert len(group.documents) == 20


def test_too_few_documents_have_no_theme() -> None:
    vectors = near(7, 2)
    assert group_documents(vectors, np.zeros(2, np.float32), LABELS.embeddings) == []


def test_themes_are_the_same_with_an_encoder_whose_cosines_are_all_high(
    scored: ScoredSample,
) -> None:
    def narrow(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add to unit rows what all of them have in common: cosines lie between 0.8 and 1."""
        added = np.concatenate([rows, np.full((len(rows), 1), 2.0, np.float32)], axis=1)
        unit: NDArray[np.float32] = added / np.linalg.norm(added, axis=1, keepdims=True)
        return unit

    wide = group_documents(scored.vectors, scored.best, LABELS.embeddings)
    found = group_documents(narrow(scored.vectors), scored.best, narrow(LABELS.embeddings))
    assert [sorted(group.documents) for group in found] == [
        sorted(group.documents) for group in wide
    ]
    assert found[0].likeness == pytest.approx(wide[0].likeness, abs=0.001)
    assert found[0].nearness == pytest.approx(wide[0].nearness, abs=0.001)


def test_two_themes_are_not_proposed_under_one_name() -> None:
    texts, ids = set[str](), {"roses", "tulips"}
    commands = [_add(["roses", "tulips"], texts, ids) for _ in range(3)]
    assert commands == [
        "lmtx-search labels add roses-2 roses",
        "lmtx-search labels add tulips-2 tulips",
        None,
    ]


def test_the_id_of_a_proposed_label_keeps_the_marks_of_its_text() -> None:
    text = "\u0939\u093f\u0928\u094d\u0926\u0940 \u0915\u0935\u093f\u0924\u093e"
    command = _add([text], set(), set())
    assert command == f"lmtx-search labels add '{text.replace(' ', '-')}' '{text}'"


def test_a_theme_without_a_common_word_has_no_command(scored: ScoredSample) -> None:
    documents = [Document(str(n), f"x{n}") for n in range(len(scored.documents))]
    (theme, *_), _ = find_themes(replace(scored, documents=documents), most=1)
    assert (theme.terms, theme.command) == ([], None)


def test_labels_that_mean_the_same_are_a_pair_unless_one_is_above_the_other() -> None:
    rows = np.concatenate([near(3, 1, 0.0), near(3, 2, 0.01), near(5, 1, 0.0)])
    labels = LabelRows.of(["a", "b", "c", "d"], ["A", "B", "C", "D"], rows, broader={"b": ("a",)})
    pairs, found, _ = near_duplicates(labels, 9, SILENT)
    assert found == 2
    assert {(labels.ids[p.first], labels.ids[p.second]) for p in pairs} == {("a", "c"), ("b", "c")}
    assert pairs[0].similarity >= pairs[1].similarity
    assert near_duplicates(labels, 1, SILENT) == (pairs[:1], 2, 0)


def test_pairs_that_exclude_each_other_are_counted_and_not_listed() -> None:
    rows = np.concatenate([near(3, 3, 0.01), near(5, 1, 0.0)])
    labels = LabelRows.of(["a", "b", "c", "d"], ["A", "B", "C", "D"], rows, broader={"b": ("a",)})
    rules = Rules(exclude=(("c", "b"), ("a", "b"), ("a", "d"), ("a", "gone")))
    ((pair,), found, excluded) = near_duplicates(labels, 9, SILENT, rules)
    assert (pair.first, pair.second, found, excluded) == (0, 2, 1, 1)


def test_labels_for_different_groups_are_no_pair() -> None:
    labels = LabelRows.of(["a", "b", "c"], ["A", "B", "C"], near(3, 3, 0.01))
    pairs, found, excluded = near_duplicates(
        labels, 9, SILENT, Rules(group_of={"a": "press", "b": "law"}, exclude=(("a", "b"),))
    )
    assert {(pair.first, pair.second) for pair in pairs} == {(0, 2), (1, 2)}
    assert (found, excluded) == (2, 0)


def test_the_only_two_labels_may_be_a_pair() -> None:
    labels = LabelRows.of(["a", "b"], ["Web", "Web pages"], near(3, 2, noise=0.02), broader={})
    (pair,), number, _ = near_duplicates(labels, 10, SILENT)
    assert (pair.first, pair.second, number) == (0, 1, 1)


def test_unrelated_labels_are_no_pair_though_all_cosines_are_high() -> None:
    rows = np.concatenate([near(axis, 1, 0.0) for axis in (1, 2, 3, 4)] + [near(5, 2, 0.01)])
    rows = np.concatenate([rows, np.full((len(rows), 1), 3.0, np.float32)], axis=1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert (rows @ rows.T).min() >= 0.89  # all of them are, by the cosine alone
    names = ["a", "b", "c", "d", "e", "f"]
    ((pair,), found, _) = near_duplicates(LabelRows(names, names, names, rows), 9, SILENT)
    assert (found, pair.first, pair.second, pair.similarity > 0.99) == (1, 4, 5, True)


def test_many_labels_that_are_all_alike_are_counted_in_little_memory() -> None:
    count = 30_000
    names = [str(number) for number in range(count)]
    rows = np.tile(np.array([[0.6, 0.8]], np.float32), (count, 1))
    labels = LabelRows(names, names, names, rows, broader={"7": ["3"], "3": ["9"]})
    tracemalloc.start()
    try:
        pairs, found, _ = near_duplicates(labels, 10, SILENT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    related = 3
    assert (len(pairs), found) == (10, count * (count - 1) // 2 - related)
    assert peak < 200_000_000


TREE = LabelRows.of(
    ["top", "below", "private", "plain"],
    ["Top", "Below", "Private", "Plain"],
    np.eye(4, dtype=np.float32),
    broader={"below": ("top",)},
)


def test_labels_for_people_and_labels_with_narrower_ones_are_not_proposed_for_removal() -> None:
    scored = ScoredSample(
        documents=[Document("1", "x")],
        labels=TREE,
        vectors=np.eye(1, 4, dtype=np.float32),
        best=np.ones(1, np.float32),
        best_label=np.zeros(1, np.int64),
        label_best=np.array([0.9, 0.2, 0.8, 0.3], np.float32),
        label_best_at=np.zeros(4, np.int64),
    )
    names = {id_: (name,) for id_, name in zip(TREE.ids, TREE.names, strict=True)}
    found, needed = unused_labels(scored, set(), names, frozenset(["private"]))
    assert ([label.id for label in found], needed) == (["plain", "below"], 2)
    found, needed = unused_labels(scored, {"Below", "Private"}, names, frozenset())
    assert ([label.id for label in found], needed) == (["plain"], 1)


def test_of_two_alike_labels_the_one_with_narrower_labels_or_more_documents_stays() -> None:
    counts = {"top": 0, "plain": 9, "below": 3}
    pairs = [Pair(0, 3, 0.9), Pair(1, 3, 0.9)]
    first, second = near_duplicate_labels(TREE, pairs, counts, {}, "library")
    assert (first.keep_id, first.retire_id) == ("top", "plain")
    assert (second.keep_id, second.keep_documents) == ("plain", 9)
    assert second.command == (
        "lmtx-search labels retire below && lmtx-search retag --index library --label below"
    )


def test_a_label_that_is_only_suggested_is_listed_apart_with_its_queue() -> None:
    names = {id_: (name, name.upper()) for id_, name in zip(TREE.ids, TREE.names, strict=True)}
    counts = {"plain": 3, "below": 7, "top": 5, "private": 9}
    found = suggested_only(TREE, {"TOP"}, names, frozenset(["private"]), counts, "my library")
    assert [(one.id, one.documents) for one in found] == [("below", 7), ("plain", 3)]
    assert found[0].command == "lmtx-search ui --index 'my library'"
    assert found[0].queue == "/decide?label=Below"


def test_what_is_suggested_decides_between_alike_labels_that_no_document_has() -> None:
    (pair,) = near_duplicate_labels(
        TREE, [Pair(1, 3, 0.9)], {}, {"plain": 4, "below": 1}, "library"
    )
    assert (pair.keep_id, pair.keep_suggested, pair.retire_suggested) == ("plain", 4, 1)
    assert "retag --index library --label below" in pair.command


def test_a_rejected_label_with_narrower_ones_is_not_proposed_for_removal() -> None:
    refused = {"top": Rejections(3, 3), "plain": Rejections(2, 3), "gone": Rejections(5, 5)}
    assert [one.command for one in rejected_labels(TREE, refused)] == [
        "lmtx-search train",
        "lmtx-search labels retire plain",
    ]


def test_noes_are_counted_by_label() -> None:
    said = [Judgment(str(n), str(n), "ab"[n % 2], float(n == 2), 0, "person", "") for n in (0, 2)]
    said.append(Judgment("3", "3", "b", 1.0, 0, "person", ""))
    assert rejections(said) == {"a": Rejections(1, 2)}


def test_a_sample_is_scored_as_the_tagger_scores(tmp_path: Path) -> None:
    tagger = Tagger(version_of(tmp_path))
    documents = [Document(text, text) for text in TEXTS[:2]]
    scored = score_sample(tagger, documents, SILENT)
    for row, document in enumerate(documents):
        best = max(explain(tagger, document.text), key=lambda label: label.score)
        assert scored.labels.names[int(scored.best_label[row])] == best.name
        assert round(float(scored.best[row]), 4) == best.score
    assert scored.label_best_at[0] == 0


def test_labels_for_other_groups_do_not_count_in_a_sample(tmp_path: Path) -> None:
    rules = Rules(group_of={"1": "press", "2": "law"}, group_field="source")
    tagger = Tagger(version_of(tmp_path, rules=rules))
    documents = [Document(s, "plays chess", {"source": s}) for s in ("press", "other")]
    scored = score_sample(tagger, documents, SILENT)
    assert scored.labels.ids[int(scored.best_label[0])] == "1"
    assert scored.labels.ids[int(scored.best_label[1])] != "1"
    names = {id_: (id_,) for id_ in scored.labels.ids}
    found, _ = unused_labels(scored, set(), names, frozenset())
    (of_law,) = [one for one in found if one.id == "2"]
    assert (of_law.best_score, of_law.best_document) == (None, None)


def test_the_label_near_a_theme_is_one_that_its_documents_may_have(scored: ScoredSample) -> None:
    press = [frozenset(["press"])] * len(scored.documents)
    labels = UsableLabels(Rules(group_of={"m": "press", "c": "law"}), LABELS.ids, press)
    (theme, *_), _ = find_themes(replace(scored, usable=labels), most=1)
    assert theme.nearest == "Mail"
    law = [frozenset(["law"])] * len(scored.documents)
    labels = UsableLabels(Rules(group_of={"m": "press", "c": "law"}), LABELS.ids, law)
    (theme, *_), _ = find_themes(replace(scored, usable=labels), most=1)
    assert theme.nearest == "Chess"


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
    assert theme.command is not None
    assert theme.command.startswith("lmtx-search labels add ")
