"""`estimate`: what a training costs follows from its settings and measured speeds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.judges.budget import Budget
from lmtx_search.settings import EncoderSettings
from lmtx_search.training.estimate import Sizes, estimate
from lmtx_search.training.learning_costs import LearningCosts
from lmtx_search.training.profiles import training_settings
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.speeds import Speeds
from tests.conftest import Run

SIZES = Sizes(
    labels=400,
    documents=1000,
    held_out=100,
    dimension=384,
    label_index_bytes=2_000_000,
    encoder_bytes=90_000_000,
    vocabulary=30_000,
)
SPEEDS = Speeds(
    pairs=4.0,
    documents=50.0,
    labels=400.0,
    training=10.0,
    start=5.0,
    export=10.0,
    form_bytes=110_000_000,
    learning=LearningCosts(read=0.02, label=0.0025, named=0.1, all=0.2),
)


ONLY_JUDGED = {"unjudged_documents": 0}


def small(budget: str | Budget, **changes: Any) -> TrainingSettings:
    return training_settings(EncoderSettings(), "small", budget=budget, **changes)


def test_a_budget_of_time_is_as_many_calls_as_the_judge_answers_in_it() -> None:
    found = estimate(SIZES, small("5m"), SPEEDS)
    assert found.calls == 5 * 60 * 4
    assert found.limited
    assert found.seconds["judge"] == pytest.approx(300)
    # 15 % of the calls measure; four pairs a document.
    assert found.judged_documents == 255


def test_a_budget_of_calls_takes_as_long_as_the_judge_needs() -> None:
    assert estimate(SIZES, small("600"), SPEEDS).seconds["judge"] == pytest.approx(150)


def test_a_static_encoder_costs_the_reading_of_documents_passages_and_all_tokens() -> None:
    found = estimate(SIZES, small("600"), SPEEDS).static_seconds
    # 1,100 documents with four passages each; 30,000 tokens as fast as labels.
    assert found == pytest.approx(5_500 / 50 + 30_000 / 400 + 8 * 5_500 / 4_500)
    assert estimate(replace(SIZES, documents=99), small("600"), SPEEDS).static_seconds is None


def test_without_a_limit_everything_is_asked() -> None:
    found = estimate(SIZES, small(Budget()), SPEEDS)
    # Of a held-out document: the first labels of trained, named and untrained encoder.
    assert found.calls == found.all_calls == 1000 * 4 + 100 * 3
    assert not found.limited
    assert found.judged_documents == 1000


def test_training_sees_each_judged_document_once_an_epoch() -> None:
    four = estimate(SIZES, small("5m", epochs=4, **ONLY_JUDGED), SPEEDS).seconds["train"]
    one = estimate(SIZES, small("5m", epochs=1, **ONLY_JUDGED), SPEEDS).seconds["train"]
    assert four - one == pytest.approx(3 * 255 / 10)


def test_all_documents_teach_once_in_each_cycle_and_some_before() -> None:
    one = estimate(SIZES, small("5m"), SPEEDS)
    assert one.seconds["train"] == pytest.approx(2 * 5 + 0.5 * 1000 * 0.1 + 1000 * 0.2)
    without = estimate(SIZES, small("5m", **ONLY_JUDGED), SPEEDS)
    # The encoder that names teach embeds 400 labels, is exported, and ranks held-out documents.
    named = 400 / 400 + 10 + 2 * 100 / 50
    assert one.seconds["embed"] - without.seconds["embed"] == pytest.approx(3 * 1000 / 50 + named)


def test_an_order_by_first_labels_reads_all_documents_before_the_judge_is_asked() -> None:
    usual, ordered = (
        estimate(SIZES, small("5m", document_order=name), SPEEDS).seconds["embed"]
        for name in ("random", "disagreement")
    )
    assert ordered - usual == pytest.approx(1000 / 50)


def test_without_documents_that_names_teach_two_labels_of_a_held_out_document_are_asked() -> None:
    found = estimate(SIZES, small(Budget(), **ONLY_JUDGED), SPEEDS)
    assert found.all_calls == 1000 * 4 + 100 * 2


def test_later_cycles_train_on_what_earlier_ones_judged_too() -> None:
    one = estimate(SIZES, small("5m", **ONLY_JUDGED), SPEEDS)
    three = estimate(SIZES, small("15m", cycles=3, **ONLY_JUDGED), SPEEDS)
    assert three.seconds["judge"] == pytest.approx(3 * one.seconds["judge"])
    assert three.seconds["train"] > 3 * one.seconds["train"]


def test_megabytes_grow_with_labels_and_calls() -> None:
    found = estimate(SIZES, small("5m"), SPEEDS).bytes
    more = estimate(replace(SIZES, labels=4000), small("10m"), SPEEDS).bytes
    assert more["tagger"] == 10 * found["tagger"] == 10 * 400 * 384 * 4
    assert more["judgments"] == 2 * found["judgments"]


def test_a_budget_below_the_least_documents_is_said_with_one_that_is_enough() -> None:
    # 40 calls are 34 for training: 9 documents.
    message = estimate(SIZES, small("10s"), SPEEDS).too_few
    assert message
    assert "9 documents in a cycle" in message
    assert "--judge-budget 1m or 151 calls is enough" in message
    assert estimate(SIZES, small("151"), SPEEDS).too_few is None
    assert estimate(replace(SIZES, documents=9), small("10s"), SPEEDS).too_few is None


@pytest.mark.integration
def test_it_is_measured_with_the_users_own_texts_and_leaves_nothing(
    client: Any, lmtx: Run, tmp_path: Path
) -> None:
    topics = ("web browsers", "chess", "electronic mail", "astronomy", "music", "databases")
    labels = [{"id": text, "text": text} for text in topics]
    documents = [
        {"id": f"{t}-{n}", "title": f"Program {n} about {t}"} for t in topics for n in "ab"
    ]
    for name, rows in (("labels", labels), ("documents", documents)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    for words in (("bootstrap-index",), ("labels", "load", "labels.jsonl")):
        assert lmtx(*words).returncode == 0
    none = lmtx("estimate")
    assert none.returncode == 2
    assert "`lmtx-search docs load FILE` first" in none.stderr
    assert lmtx("docs", "load", "documents.jsonl").returncode == 0
    options = ("--batch-size", "4", "--pairs-per-document", "2", "--shortlist", "3")
    done = lmtx("estimate", *options, "--judge-budget", "20", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["estimate"]["calls"] == 20
    assert found["sizes"]["labels"] == len(topics)
    # A fast start is within the time of a step.
    learning = found["speeds"].pop("learning")
    speeds = {**found["speeds"], **learning}
    assert all(value > 0 for name, value in speeds.items() if name != "start")
    assert found["learning"]["documents"] == found["sizes"]["documents"]
    assert found["total_seconds"] > 20 / found["speeds"]["pairs"]
    client.indices.refresh(index="lmtx-*")
    assert client.count(index="lmtx-judgments")["count"] == 0
    assert client.count(index="lmtx-runs")["count"] == 0
