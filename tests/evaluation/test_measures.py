"""Every measure against a second implementation, on real rankings, and against a hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer

from lmtx_search.evaluation.metrics.head_tail import BUCKETS, cut
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies
from lmtx_search.evaluation.metrics.measure import Output, measure, weigh
from tests.support.real_rankings import GOLD, LABELS, MINILM, TFIDF, TRAIN

SMALL = {"a": {"x", "y"}, "b": {"z"}, "c": {"x"}}
SYSTEMS = pytest.mark.parametrize("output", [MINILM, TFIDF], ids=["minilm", "tfidf"])


def values(output, gold=GOLD, weighing=None):
    parts = measure(output, gold, weighing).parts.values()
    return {
        name: value
        for part in parts
        for name, value in zip(part.sums.names, part.values, strict=True)
    }


def mean(numbers):
    numbers = list(numbers)
    return sum(numbers) / len(numbers)


@SYSTEMS
def test_rankings_are_measured_as_a_plain_loop_does(output):
    found = values(output)
    for k in (1, 3, 5, 10, 100):
        hits = {d: [x in GOLD[d] for x in output.rankings[d][:k]] for d in GOLD}
        recall = mean(sum(hits[d]) / len(GOLD[d]) for d in GOLD)
        assert found[f"R@{k}"] == pytest.approx(recall)
        if k <= 5:
            assert found[f"P@{k}"] == pytest.approx(mean(sum(hits[d]) / k for d in GOLD))
            gains = {d: sum(h / math.log2(i + 2) for i, h in enumerate(hits[d])) for d in GOLD}
            best = {d: sum(1 / math.log2(i + 2) for i in range(min(k, len(GOLD[d])))) for d in GOLD}
            assert found[f"nDCG@{k}"] == pytest.approx(mean(gains[d] / best[d] for d in GOLD))


@SYSTEMS
@pytest.mark.parametrize(("a", "b"), [(0.55, 1.5), (0.6, 2.6)])
def test_propensity_scored_precision_is_what_a_double_loop_computes(output, a, b):
    found = values(output, weighing=weigh(TRAIN, a, b))
    c = (math.log(TRAIN.documents) - 1) * (b + 1) ** a
    for k in (1, 3, 5):
        gained = possible = 0.0
        for document, right in GOLD.items():
            for place in range(k):
                for label in right:
                    ranking = output.rankings[document]
                    if place < len(ranking) and ranking[place] == label:
                        p = 1 / (1 + c * math.exp(-a * math.log(TRAIN.counts.get(label, 0) + b)))
                        gained += 1 / p
            weights = [1 + c / (TRAIN.counts.get(label, 0) + b) ** a for label in right]
            possible += sum(sorted(weights)[::-1][:k])
        assert found[f"PSP@{k}"] == pytest.approx(gained / possible)


@SYSTEMS
def test_f1_of_the_assigned_tags_is_scikit_learns(output):
    binary = MultiLabelBinarizer(classes=LABELS).fit([])
    right = binary.transform([GOLD[document] for document in GOLD])
    assigned = binary.transform([output.tags[document] for document in GOLD])
    found = values(output)
    micro = f1_score(right, assigned, average="micro", zero_division=0)
    assert found["micro F1"] == pytest.approx(micro)
    used = right.any(axis=0)
    macro = f1_score(right[:, used], assigned[:, used], average="macro", zero_division=0)
    assert found["macro F1"] == pytest.approx(macro)
    assert found["coverage"] == pytest.approx(assigned.any(axis=1).mean())
    assert found["tags per document"] == pytest.approx(assigned.sum() / len(GOLD))


@SYSTEMS
def test_head_middle_and_tail_add_up_to_all(output):
    found = values(output)
    for k in (1, 3, 5):
        parts = [found[f"P@{k} {bucket}"] for bucket in BUCKETS]
        assert sum(parts) == pytest.approx(found[f"P@{k}"])
    assert all(part > 0 for part in parts)


@SYSTEMS
def test_recall_of_a_bucket_is_that_of_its_gold_tags_alone(output):
    weighing = weigh(TRAIN)
    found = values(output, weighing=weighing)
    for bucket in BUCKETS:
        own = {d: {x for x in GOLD[d] if weighing.cut.bucket(x) == bucket} for d in GOLD}
        own = {document: right for document, right in own.items() if right}
        assert found[f"R@10 {bucket}"] == pytest.approx(values(output, own)["R@10"])


def test_measures_are_what_a_hand_computes():
    found = values(Output({"a": ["x", "w", "y"], "b": ["w", "z"]}), SMALL)
    assert found["P@1"] == pytest.approx(1 / 3)
    assert found["P@5"] == pytest.approx((0.4 + 0.2) / 3)
    assert found["R@10"] == pytest.approx(2 / 3)
    assert found["R@100"] == pytest.approx(2 / 3)


def test_a_document_that_a_system_left_out_counts_as_nothing_found():
    found = values(Output({"a": ["x"]}, {"a": ["x"]}), SMALL)
    assert found["P@1"] == found["coverage"] == pytest.approx(1 / 3)
    assert values(Output({}, {}), SMALL)["micro F1"] == 0.0


def test_the_order_of_a_ranking_is_kept_whatever_the_labels_are_called():
    assert values(Output({"a": ["a9", "a1"]}), {"a": {"a9"}})["P@1"] == 1.0
    assert values(Output({"a": ["a1", "a9"]}), {"a": {"a9"}})["P@1"] == 0.0


def test_a_system_that_only_ranks_has_no_f1():
    assert "micro F1" not in values(Output({"a": ["x"]}), SMALL)


def test_with_too_few_documents_for_a_propensity_all_labels_weigh_the_same():
    found = values(Output({"a": ["x"], "b": ["q"]}), {"a": {"x"}, "b": {"z"}})
    assert found["PSP@1"] == found["P@1"] == 0.5


def test_labels_are_cut_into_thirds_of_the_gold_tags():
    found = cut(Frequencies({"a": 40, "b": 30, "c": 10, "d": 5, "e": 5}, 50))
    assert (found.head, found.tail) == (40, 30)
    assert [found.bucket(label) for label in "abcde?"] == ["head", "middle", *["tail"] * 4]
    assert found.labels() == {"head": 1, "middle": 1, "tail": 3}


def test_equally_frequent_labels_stay_together_and_an_empty_bucket_has_no_measure():
    gold = {"a": {"x"}, "b": {"y"}, "c": {"z"}}
    assert cut(Frequencies.of(gold.values())).labels() == {"head": 3, "middle": 0, "tail": 0}
    estimates = measure(Output({"a": ["x"]}), gold).estimates()
    assert estimates["R@10 head"].value == pytest.approx(1 / 3)
    assert "R@10 tail" not in estimates


def test_estimates_are_numbers_that_json_has():
    for output in (MINILM, TFIDF):
        for estimate in measure(output, GOLD, weigh(TRAIN)).estimates().values():
            assert np.isfinite([estimate.value, estimate.low, estimate.high]).all()
            assert estimate.low <= estimate.value <= estimate.high
