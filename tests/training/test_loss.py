"""The margin loss, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from lmtx_search.training.student.loss import allowed_negatives, margin_loss  # noqa: E402


def test_a_negative_within_the_margin_costs_what_it_lacks() -> None:
    scores = torch.tensor([[0.9, 0.8], [0.1, 0.5]])
    # Document 0: 0.8 - 0.9 + 0.3 = 0.2; document 1: 0.1 - 0.5 + 0.3 < 0. Mean: 0.1.
    assert margin_loss(scores, ~torch.eye(2, dtype=torch.bool)).item() == pytest.approx(0.1)


def test_negatives_are_weighted_by_the_softmax_of_their_scores() -> None:
    scores = torch.tensor([[0.5, 0.5, 0.4], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    near, far = math.exp(0.5 / 0.1), math.exp(0.4 / 0.1)
    expected = (near * 0.3 + far * 0.2) / (near + far) / 3
    allowed = ~torch.eye(3, dtype=torch.bool)
    assert margin_loss(scores, allowed).item() == pytest.approx(expected)


def test_only_the_hardest_negatives_count() -> None:
    scores = torch.tensor([[0.5, 0.5, 0.4], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    allowed = ~torch.eye(3, dtype=torch.bool)
    assert margin_loss(scores, allowed, hardest=1).item() == pytest.approx(0.3 / 3)


def test_masked_positives_weigh_nothing_where_a_batch_has_few_negatives() -> None:
    scores = torch.tensor([[0.2, 0.9, 0.1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], requires_grad=True)
    allowed = torch.tensor([[False, False, True], [True, False, True], [True, True, False]])
    loss = margin_loss(scores, allowed, hardest=10)
    loss.backward()
    assert loss.item() == pytest.approx((0.1 - 0.2 + 0.3) / 3)
    assert scores.grad[0, 1].item() == 0.0


def test_a_document_without_any_negative_adds_nothing_and_no_nan() -> None:
    scores = torch.tensor([[0.2, 0.9], [0.4, 0.5]], requires_grad=True)
    loss = margin_loss(scores, torch.zeros(2, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0.0
    assert not scores.grad.isnan().any()


def test_a_pseudo_positive_of_a_document_is_never_its_negative() -> None:
    never_negative = [frozenset({7, 8}), frozenset({8}), frozenset({9})]
    allowed = allowed_negatives([0, 1, 2], [7, 8, 9], never_negative)
    assert allowed.tolist() == [[False, False, True], [True, False, True], [True, True, False]]


def test_a_label_that_is_in_the_batch_twice_counts_once() -> None:
    never_negative = [frozenset({7}), frozenset({7}), frozenset({9})]
    assert allowed_negatives([0, 1, 2], [7, 7, 9], never_negative)[2].tolist() == [
        True,
        False,
        False,
    ]


def test_without_a_choice_of_the_hardest_all_negatives_weigh_the_same() -> None:
    scores = torch.tensor([[0.5, 0.5, 0.4], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    allowed = ~torch.eye(3, dtype=torch.bool)
    loss = margin_loss(scores, allowed, hardest=None)
    assert loss.item() == pytest.approx((0.3 + 0.2) / 2 / 3)


def test_a_document_without_any_of_them_adds_nothing_and_no_nan() -> None:
    scores = torch.tensor([[0.2, 0.9], [0.4, 0.5]], requires_grad=True)
    loss = margin_loss(scores, torch.zeros(2, 2, dtype=torch.bool), hardest=None)
    loss.backward()
    assert loss.item() == 0.0
    assert not scores.grad.isnan().any()


def test_an_own_extra_label_is_a_negative_of_its_document_only() -> None:
    never_negative = [frozenset({1}), frozenset({2})]
    allowed = allowed_negatives([0, 1], [1, 2], never_negative, [[5, 8], [6, 9]], own=1)
    # Columns: 1, 2, then 5 (own), 8 (shared), 6 (own), 9 (shared).
    assert allowed.tolist() == [
        [False, True, True, True, False, True],
        [True, False, False, True, True, True],
    ]


def test_without_the_batch_only_extra_labels_count() -> None:
    never_negative = [frozenset({1}), frozenset({2})]
    allowed = allowed_negatives([0, 1], [1, 2], never_negative, [[2], [5]], in_batch=False)
    assert allowed.tolist() == [[False, False, True, True], [False, False, False, True]]


def test_a_label_that_is_both_drawn_and_extra_counts_once() -> None:
    never_negative = [frozenset({1}), frozenset({2}), frozenset({3})]
    allowed = allowed_negatives([0, 1, 2], [1, 2, 3], never_negative, [[2], [3], [2]])
    assert allowed.sum(1).tolist() == [2, 2, 2]
