"""Shortlists in memory: the nearest labels and those that a document names."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.records import Document, Label
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.named_labels import NamedLabels, fuse
from lmtx_search.training.shortlist import search_in, without

LABELS = [
    Label("browser", "web browsers", synonyms=("internet client",)),
    Label("game", "game"),
    Label("editor", "text editor"),
    Label("board", "board game"),
]
VECTORS = np.eye(4, dtype=np.float32)


def named(**counts: int) -> list[str]:
    return [LABELS[row].id for row, _ in NamedLabels(LABELS).find(counts)]


def test_a_label_is_named_by_all_words_of_its_text_or_of_a_synonym() -> None:
    assert named(web=1, browser=1) == ["browser"]
    assert named(client=1, internet=1) == ["browser"]
    assert named(web=1, client=1) == []


def test_rarer_words_and_words_that_come_more_often_rank_a_label_higher() -> None:
    assert named(board=1, game=1, text=1, editor=1) == ["editor", "board", "game"]
    assert named(board=9, game=9, text=1, editor=1)[0] == "board"


def test_a_name_of_words_that_count_nothing_is_not_found() -> None:
    assert named(game=0) == []
    assert named(game=0, board=1) == ["board"]


def test_labels_of_both_rankings_come_before_those_of_one() -> None:
    fused = fuse([["a", "b", "c"], ["c"]])  # type: ignore[list-item]
    assert max(fused, key=fused.__getitem__) == "c"


def test_a_named_label_gets_into_a_shortlist_with_its_own_cosine() -> None:
    search = search_in(VECTORS, LABELS)
    vector = np.array([[0.8, 0.6, 0.0, 0.0]], dtype=np.float32)
    assert [id_ for id_, _ in search(vector, 2)[0]] == ["browser", "game"]
    (ranking,) = search(vector, 2, [{"text": 1, "editor": 1}])
    assert ranking == [("editor", pytest.approx(0.0)), ("browser", pytest.approx(0.8))]


def test_a_document_that_names_nothing_gets_its_nearest_labels() -> None:
    search = search_in(VECTORS, LABELS)
    vector = np.array([[0.8, 0.6, 0.0, 0.0]], dtype=np.float32)
    assert search(vector, 3, [{"zzz": 1}]) == search(vector, 3)


def test_others_take_the_places_of_labels_that_are_left_out() -> None:
    search = without(search_in(VECTORS, LABELS), {"browser", "editor"})
    vectors = np.array([[0.8, 0.6, 0.0, 0.0], [0.0, 0.0, 0.6, 0.8]], dtype=np.float32)
    found = [[id_ for id_, _ in ranking] for ranking in search(vectors, 1)]
    assert found == [["game"], ["board"]]
    (ranking, _) = search(vectors, 2, [{"text": 1, "editor": 1}, {}])
    assert [id_ for id_, _ in ranking] == ["game", "board"]


class Encoder:
    """Puts every document near the label "game"."""

    digest, dimension = "d", 4

    def encode(self, texts: list[str], *, on_batch: object = None) -> np.ndarray:
        return np.repeat(np.array([[0.6, 0.8, 0.0, 0.0]], dtype=np.float32), len(texts), axis=0)


@pytest.mark.parametrize("centered", [True, False])
def test_the_strategy_decides_whether_names_count(centered: bool) -> None:
    documents = [Document("d", "a text about an editor")]

    def first(retrieval: str) -> str:
        made = open_shortlister(
            Encoder(),  # type: ignore[arg-type]
            search_in(VECTORS, LABELS),
            1,
            documents=documents,
            labels=len(LABELS),
            tokens=128,
            centered=centered,
            retrieval=retrieval,
        )
        ((_, ranking),) = made.shortlists(documents)
        return ranking[0][0]

    assert first("hybrid") == "editor"
    assert first("dense") == "game"
