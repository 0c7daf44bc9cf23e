"""Negatives and positives: what each strategy draws, and that no positive is ever a negative."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from lmtx_search.errors import UserError, find_named
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.negatives.base import Pool, draw_extra_labels
from lmtx_search.training.positives import POSITIVES
from lmtx_search.training.sampling import training_order

LABELS = 12


def pool(documents: int = 40) -> Pool:
    """Documents with one to four pseudo-positives and none to five refused labels."""
    random = Random(3)
    positives = [
        frozenset(random.sample(range(LABELS), random.randint(1, 4))) for _ in range(documents)
    ]
    refused = [
        sorted(random.sample(sorted(set(range(LABELS)) - labels), random.randint(0, 5)))
        for labels in positives
    ]
    return Pool(LABELS, positives, refused)


@pytest.mark.parametrize("batch", [2, 3, 8, 40])
@pytest.mark.parametrize("name", NEGATIVES)
def test_a_pseudo_positive_of_a_document_is_never_its_negative(name: str, batch: int) -> None:
    pytest.importorskip("torch")
    from lmtx_search.training.student.loss import allowed_negatives

    strategy, known = NEGATIVES[name], pool()
    steps = training_order([dict.fromkeys(p, 0.9) for p in known.positives], 2, seed=1)
    extra = draw_extra_labels(strategy, known, [document for document, _ in steps], seed=1)
    counted = 0
    for start in range(0, len(steps), batch):
        part, more = steps[start : start + batch], extra[start : start + batch]
        labels = [label for _, label in part]
        allowed = allowed_negatives(
            [document for document, _ in part],
            labels,
            known.positives,
            more,
            in_batch=strategy.in_batch,
            own=strategy.own,
        )
        columns = labels + [label for row in more for label in row]
        for (document, _), row in zip(part, allowed.tolist(), strict=True):
            negatives = [label for label, counts in zip(columns, row, strict=True) if counts]
            assert not set(negatives) & known.positives[document]
            assert len(set(negatives)) == len(negatives)
            counted += len(negatives)
    assert counted > len(steps) // 2


@pytest.mark.parametrize("name", NEGATIVES)
def test_negatives_follow_from_the_seed(name: str) -> None:
    documents = list(range(40))
    drawn = [draw_extra_labels(NEGATIVES[name], pool(), documents, seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert (drawn[0] != drawn[2]) == bool(NEGATIVES[name].own + NEGATIVES[name].shared)


@pytest.mark.parametrize("name", ["hardest", "in_batch"])
def test_in_batch_strategies_add_no_extra_labels(name: str) -> None:
    assert draw_extra_labels(NEGATIVES[name], pool(), [0, 1], seed=0) == [(), ()]


def test_refused_labels_are_extra_labels_of_their_own_document() -> None:
    known = pool()
    strategy = NEGATIVES["judged_no"]
    assert strategy.own
    assert not strategy.in_batch
    for document, labels in enumerate(draw_extra_labels(strategy, known, range(40), seed=0)):
        refused = set(known.refused[document])
        # What is missing is filled with a pseudo-positive, which never counts.
        assert set(labels) <= refused | {min(known.positives[document])}
        assert len(set(labels) & refused) == min(3, len(refused))


def test_random_labels_are_drawn_from_the_whole_set() -> None:
    known = pool()
    extra = draw_extra_labels(NEGATIVES["random"], known, [0] * 400, seed=0)
    assert {label for (label,) in extra} == set(range(LABELS)) - known.positives[0]


def test_where_every_label_is_positive_there_is_no_random_negative() -> None:
    everything = Pool(3, [frozenset({0, 1, 2})], [[]])
    assert draw_extra_labels(NEGATIVES["random"], everything, [0], seed=0) == [(0,)]


def test_a_mixture_has_some_of_each() -> None:
    strategy = NEGATIVES["mixture"]
    assert strategy.in_batch
    known = Pool(1000, [frozenset({1})], [[2, 3, 4]])
    (labels,) = draw_extra_labels(strategy, known, [0], seed=0)
    assert set(labels[:2]) <= {2, 3, 4}
    assert labels[2] > 4


def draws(name: str, count: int = 6000) -> Counter[int]:
    random = Random(0)
    return Counter(
        label for _ in range(count) for label in POSITIVES[name]([4, 7], [0.9, 0.3], random)
    )


def test_one_random_positive_is_drawn_whatever_the_judge_thinks_of_it() -> None:
    assert draws("one_random")[4] / 6000 == pytest.approx(0.5, abs=0.03)


def test_weighted_positives_are_drawn_in_proportion_to_p_yes() -> None:
    assert draws("weighted")[4] / 6000 == pytest.approx(0.75, abs=0.03)


def test_weights_of_zero_are_no_error() -> None:
    assert POSITIVES["weighted"]([4, 7], [0.0, 0.0], Random(0))[0] in (4, 7)


def test_all_positives_are_a_step_each() -> None:
    steps = training_order([{4: 0.9, 7: 0.3}, {5: 0.1}], 2, 0, POSITIVES["all"])
    assert Counter(steps) == {(0, 4): 2, (0, 7): 2, (1, 5): 2}


def test_an_unknown_strategy_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UserError, match="there are hardest, in_batch"):
        find_named("negatives", NEGATIVES, "softest")
    with pytest.raises(UserError, match="there are one_random, all"):
        find_named("positives", POSITIVES, "best")
