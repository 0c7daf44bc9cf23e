"""From scores to tags."""

from __future__ import annotations

import numpy as np

from lmtx_search.tagging.scorer import top_scores


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
