"""How much of a label a document says, by numbers that were computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.importance import (
    PairImportance,
    WordImportance,
    pair_keys,
    word_importance,
)
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordWeights

SIMILARITY, SHARE, COMPLETE = (WordWeights(*row) for row in np.eye(3).tolist())
IMPORTANCE = WordImportance(np.array([1, 2, 3, 4], dtype=np.float32))


def ids(*tokens: int) -> np.ndarray:
    return np.array(tokens, dtype=np.int64)


def score(forms: list[np.ndarray], words: np.ndarray, weights: WordWeights) -> float:
    return float(LabelWords([forms], IMPORTANCE).scores([words], weights)[0, 0])


def test_importance_is_the_smoothed_inverse_document_frequency() -> None:
    found = word_importance([ids(0, 0, 1), ids(0), ids(0, 2)], 4)
    expected = [1.0, math.log(4 / 2) + 1, math.log(4 / 2) + 1, math.log(4 / 1) + 1]
    assert found.words.tolist() == pytest.approx(expected)


def test_importance_of_pairs_is_the_same_of_words_that_follow_each_other() -> None:
    found = word_importance([ids(0, 1, 2), ids(2, 0, 1), ids(1, 0)], 4).pairs
    assert found is not None
    of_two, of_others = math.log(4 / 3) + 1, math.log(4 / 1) + 1
    asked = pair_keys(ids(0, 1, 0, 3), 4)
    assert found.of(asked).tolist() == pytest.approx([of_two, of_others, of_others])


@pytest.mark.parametrize(
    ("documents", "having", "named"), [(20, 10, True), (20, 11, False), (19, 19, True)]
)
def test_a_label_is_not_named_by_a_word_of_more_than_half_of_all_documents(
    documents: int, having: int, named: bool
) -> None:
    it, report = ids(1), ids(2)
    texts = [ids(0, 1)] * having + [ids(0)] * (documents - having)
    labels = LabelWords([[it], [report]], word_importance(texts, 3))
    found = labels.scores([ids(0, 1, 2)], DEFAULT_WEIGHTS)[0]
    assert (found[0] > 0) == named
    assert found[1] > 0


def test_a_name_with_a_common_word_is_complete_only_with_this_word() -> None:
    travel, train, dog = ids(1), ids(2), ids(3)
    texts = [ids(1)] * 11 + [ids(2, 3)] * 9
    labels = LabelWords([[ids(1, 2)], [dog]], word_importance(texts, 4))
    assert labels.scores([ids(2, 3)], COMPLETE).tolist() == [[0, 1]]
    assert labels.scores([ids(1, 2)], COMPLETE).tolist() == [[1, 0]]
    assert labels.scores([travel, train], SHARE)[:, 0].tolist() == pytest.approx([0, 1], abs=0.1)


def test_similarity_is_the_cosine_of_the_weighted_words() -> None:
    # Label: 2 · (1 + log 1), 3; document: 2 · (1 + log 2), 1.
    twice = 2 * (1 + math.log(2))
    expected = 2 * twice / (math.hypot(2, 3) * math.hypot(twice, 1))
    assert score([ids(1, 2)], ids(1, 0, 1), SIMILARITY) == pytest.approx(expected)


PAIRED = WordImportance(
    IMPORTANCE.words, PairImportance(pair_keys(ids(1, 2), 4), np.array([3.5], dtype=np.float32), 5)
)


def test_a_pair_of_a_name_counts_where_a_document_has_it() -> None:
    labels = LabelWords([[ids(1, 2)]], PAIRED)
    apart, together = labels.scores([ids(1, 0, 2), ids(0, 1, 2)], SIMILARITY)[:, 0]
    length = math.sqrt(1 + 2**2 + 3**2) * math.sqrt(2**2 + 3**2 + 3.5**2)
    assert apart == pytest.approx((2**2 + 3**2) / length)
    assert together == pytest.approx((2**2 + 3**2 + 3.5**2) / length)
    assert labels.scores([ids(1, 0, 2)], SHARE).tolist() == [[1]]


def test_a_pair_of_common_words_says_nothing() -> None:
    annual, report, mill = 0, 1, 2
    texts = [ids(annual, report)] * 12 + [ids(mill, 3)] * 8
    labels = LabelWords([[ids(annual, report, mill)]], word_importance(texts, 4))
    assert labels.scores([ids(annual, report)], SIMILARITY)[0, 0] < 0.1
    assert labels.scores([ids(annual, report, mill)], SIMILARITY)[0, 0] > 0.9


def test_a_label_has_the_same_score_whatever_the_other_labels_are() -> None:
    words, name = ids(0, 1, 2, 3), ids(1, 2)
    alone = LabelWords([[name]], PAIRED).scores([words], DEFAULT_WEIGHTS)[0, 0]
    among = LabelWords([[ids(2, 3)], [name], [ids(0, 1)]], PAIRED).scores([words], DEFAULT_WEIGHTS)
    assert among[0, 1] == alone


def test_the_share_is_weighted_by_importance() -> None:
    assert score([ids(1, 2)], ids(1, 0), SHARE) == pytest.approx(2 / 5)
    assert score([ids(1, 2, 2)], ids(2), SHARE) == pytest.approx(3 / 5)


def test_only_a_label_with_all_its_words_is_complete() -> None:
    assert score([ids(1, 2)], ids(2, 0, 1), COMPLETE) == 1
    assert score([ids(1, 2)], ids(2), COMPLETE) == 0


def test_the_best_form_of_a_label_counts() -> None:
    forms = [ids(1, 2), ids(3), ids()]
    assert score(forms, ids(3), COMPLETE) == 1
    assert score(forms, ids(1), SHARE) == pytest.approx(2 / 5)
    labels = LabelWords([[ids(0)], forms, [ids(3)]], IMPORTANCE)
    found = labels.scores([ids(3), ids(1, 2)], COMPLETE)
    assert found.tolist() == [[0, 1, 1], [0, 1, 0]]


def test_what_has_no_words_has_no_evidence() -> None:
    labels = LabelWords([[], [ids()], [ids(1)]], IMPORTANCE)
    assert labels.scores([ids(), ids(1)], DEFAULT_WEIGHTS)[:, :2].tolist() == [[0, 0], [0, 0]]
    assert labels.scores([ids()], DEFAULT_WEIGHTS).tolist() == [[0, 0, 0]]
    assert LabelWords([], IMPORTANCE).scores([ids(1)], DEFAULT_WEIGHTS).shape == (1, 0)


def test_evidence_of_single_labels_is_that_of_their_scores() -> None:
    labels = LabelWords([[ids(0)], [ids(3), ids(1, 2)]], IMPORTANCE)
    # By the default weights, the second form is the best one; by similarity alone, the first is.
    words = ids(1, 0, 2, 2, 2, 2)
    for weights, best in ((WordWeights(0, 0.1, 0.1), 1.0), (SIMILARITY, 0.0)):
        labels = LabelWords([[ids(0)], [ids(2, 3), ids(1, 0)]], IMPORTANCE)
        found = labels.evidence(words, [1, 0], weights)
        expected = labels.scores([words], weights)[0][[1, 0]]
        assert weights.of(*found.T) == pytest.approx(expected)
        assert found[0, 2] == best


def test_no_evidence_is_more_than_the_highest() -> None:
    weights = WordWeights(0.3, 0.1, -0.2)
    assert weights.highest == pytest.approx(0.4)
    assert score([ids(1, 2)], ids(1, 2), WordWeights(0.3, 0.1, 0.2)) == pytest.approx(0.6)


def test_a_document_names_the_labels_of_which_it_has_all_words_of_one_form() -> None:
    labels = LabelWords([[ids(1, 2)], [ids(3), ids(1)], [ids(2, 3)], []], IMPORTANCE)
    assert labels.named(ids(2, 1, 0)).tolist() == [0, 1]
    assert labels.named(ids()).tolist() == []
