"""From scores to tags, with all labels compared or the label index searched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.encoder.bands import Bands
from lmtx_search.records import Label
from lmtx_search.tagging.scoring.ranking import LabelSearch, top_scores
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.weights import WordWeights
from tests.support.tiny_tagger import LABELS, TEXTS, version_of


def rows(*scores: list[float]) -> np.ndarray:
    return np.asarray(scores, dtype=np.float32)


def test_the_best_come_first() -> None:
    assert top_scores(rows([0.1, 0.9, 0.5]), k=2, threshold=0.0) == [[(1, 0.9), (2, 0.5)]]


def test_a_score_at_the_threshold_is_a_tag_and_one_below_is_not() -> None:
    assert top_scores(rows([0.5, 0.49]), k=5, threshold=0.5) == [[(0, 0.5)]]


def test_a_document_may_get_no_tag() -> None:
    assert top_scores(rows([0.1, 0.2]), k=5, threshold=0.3) == [[]]


def test_what_is_not_positive_is_never_a_tag() -> None:
    assert top_scores(rows([-0.2, 0.0, 0.4]), k=5, threshold=-1.0) == [[(2, 0.4)]]


def test_no_documents_and_no_labels_are_no_error() -> None:
    assert top_scores(np.empty((0, 3), np.float32), k=5, threshold=0.0) == []
    assert top_scores(np.empty((2, 0), np.float32), k=5, threshold=0.0) == [[], []]


def test_each_document_has_its_own_tags() -> None:
    scores = rows([0.9, 0.1, 0.2], [0.1, 0.2, 0.8])
    assert top_scores(scores, k=1, threshold=0.3) == [[(0, 0.9)], [(2, 0.8)]]


def test_of_equal_scores_the_first_labels_are_taken() -> None:
    scores = rows([0.2, 0.50001, 0.9, 0.5, 0.50002, 0.5])
    assert top_scores(scores, k=3, threshold=0.3) == [[(2, 0.9), (1, 0.5), (3, 0.5)]]


def test_a_score_is_compared_as_it_is_written() -> None:
    assert top_scores(rows([0.35, 0.34996]), k=5, threshold=0.35) == [[(0, 0.35), (1, 0.35)]]


class Index:
    """A label index, exact: it holds the labels that it was made with until it is told others."""

    def __init__(self, version: TaggerVersion) -> None:
        self._version = version
        self.rows = version.rows()

    def follow(self) -> None:
        self.rows = self._version.rows()

    def __call__(
        self, encoder_digest: str, vectors: NDArray[np.float32], k: int
    ) -> list[list[tuple[str, float]]]:
        assert encoder_digest == self._version.manifest.encoder_digest
        scores = vectors @ self.rows.embeddings.T
        best = np.argsort(-scores, axis=1)[:, :k]
        return [
            [(self.rows.ids[at], float(one[at])) for at in row]
            for one, row in zip(scores, best, strict=True)
        ]


@pytest.mark.parametrize("followed", [False, True])
@pytest.mark.parametrize("words", [None, WordWeights(0.3, 0.1, 0.1)])
@pytest.mark.parametrize("bands", [None, Bands(4.0, -2.0, 0.5, 0.1, {"3": 0.4, "6": 0.2})])
def test_changed_labels_hold_where_the_index_is_searched_wherever_it_is_with_them(
    tmp_path: Path, followed: bool, words: WordWeights | None, bands: Bands | None
) -> None:
    version = version_of(tmp_path, words=words, bands=bands)
    index = Index(version)
    searching = Tagger(version, search=LabelSearch(len(LABELS) - 1, index))
    assert searching.decide(TEXTS) == Tagger(version).decide(TEXTS)
    assert any(one.suggested for one in searching.decide(TEXTS)) == (bands is not None)

    chess, mail, web = version.embeddings()[:3]
    puts = [Label("5", "new"), Label("2", "renamed mail")]
    digest = version.manifest.encoder_digest
    write_change(version.folder, digest, puts, np.stack([(chess + web) / 1.5, -mail]), ["1"])
    write_change(version.folder, digest, [Label("6", "board games")], chess[None], ["5"])
    if followed:
        index.follow()
    tags = searching.tag(TEXTS)
    assert searching.decide(TEXTS) == Tagger(version).decide(TEXTS)
    assert tags == Tagger(version).tag(TEXTS)
    assert tags[0][0].name == "board games"
    assert not {"chess", "new"} & {tag.name for found in tags for tag in found}
