"""Precision of tags over time."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from lmtx_search.cluster.runs import RunStore
from lmtx_search.settings import Settings
from lmtx_search.watching.precision import Culprit, Precision, culprits, fell, precision
from tests.conftest import Run
from tests.support.fake_ollama import fake_ollama, first_token
from tests.support.live_tagger import bootstrap, deployed, index_documents
from tests.support.tagger_service import running

RIGHT, WRONG = [("a", 0.9), ("b", 0.8)], [("a", 0.1), ("b", 0.9)]


def test_precision_is_of_tags_and_its_interval_of_documents() -> None:
    found = precision([RIGHT] * 10 + [WRONG] * 10 + [[]], yes_from=0.5)
    assert found is not None
    assert (found.value, found.documents, found.tags) == (0.75, 20, 40)
    assert 0.5 < found.low < 0.6 < 0.85 < found.high < 0.9


@pytest.mark.parametrize(
    ("earlier", "now", "fallen"),
    [
        ([True] * 3, [True] * 14 + [False] * 6, False),
        ([True] * 3 + [False] * 2, [False] * 2, False),
        ([True] * 200, [True] * 140 + [False] * 60, True),
        ([True] * 30 + [False] * 20, [False] * 20, True),
    ],
)
def test_a_few_tags_that_are_all_right_or_all_wrong_leave_room_for_chance(
    earlier: list[bool], now: list[bool], fallen: bool
) -> None:
    checks = [
        precision([[("a", 0.9 if right else 0.1)] for right in check], 0.5)
        for check in (now, earlier)
    ]
    first, second = checks
    assert first is not None
    assert second is not None
    assert fell(first, second) is fallen


def test_one_document_with_most_of_the_tags_makes_the_interval_wide() -> None:
    found = precision([[("a", 0.9)]] * 19 + [[("a", 0.1)] * 30], 0.5)
    assert found is not None
    assert (round(found.value, 2), found.high) == (0.39, 1.0)  # Wilson: at most 0.60


def test_one_document_says_nothing_about_others_and_none_says_nothing() -> None:
    assert precision([RIGHT], 0.5) == Precision(1.0, 0.0, 1.0, 1, 2)
    assert precision([[]], 0.5) is None


def test_many_documents_take_little_memory() -> None:
    documents = [[("a", 0.9)], [("a", 0.1)]] * 10_000
    tracemalloc.start()
    try:
        found = precision(documents, 0.5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert 0.49 < found.low < 0.5 < found.high < 0.51
    assert peak < 100_000_000


@pytest.mark.parametrize(("low", "fallen"), [(0.65, False), (0.79, True)])
def test_a_fall_is_one_that_the_intervals_do_not_explain(low: float, fallen: bool) -> None:
    now = Precision(0.7, 0.6, 0.75, 50, 100)
    assert fell(now, Precision(0.82, low, 0.9, 50, 100)) is fallen


def test_the_labels_that_a_fall_is_made_of_come_first_and_others_not_at_all() -> None:
    before = [[("a", 0.9), ("b", 0.1)]] * 10
    now = [[("a", 0.1), ("b", 0.1)]] * 4 + [[("c", 0.2)]]
    assert culprits(now, before, 0.5) == [Culprit("a", 4, 4, 0, 10), Culprit("c", 1, 1, 0, 0)]


@pytest.mark.integration
def test_a_fall_is_said_out_loud_with_the_labels_that_caused_it(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> None:
    bootstrap(client, settings, lmtx)
    words = ("watch", "--index", "articles", "--sample", "4")
    with running(environment):
        version = deployed(client, settings).version
        texts = ["plays chess", "electronic mail", "a web browser", "spreadsheets, accounts"]
        documents = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
        index_documents(client, "articles", documents)
        first = lmtx(*words, "--json")
        assert first.returncode == 0, first.stderr
        told = json.loads(first.stdout)
        assert (told["documents"], told["taggers"], told["earlier"]) == (4, [version], None)
        assert "no document was tagged since" in lmtx(*words).stdout

        # As if all had been right until now, and what the judge says would not do any more.
        runs = RunStore(client)
        record = runs.get(told["run"])
        assert record is not None
        assert record["measures"]["tags"] == sum(map(len, record["verdicts"]))
        right = [[[label, 2.0] for label, _ in said] for said in record["verdicts"]] * 10
        runs.save(told["run"], {**record, "verdicts": right, "yes_from": 1.5})
        # More checks of another index than one request reads.
        lines: list[dict[str, Any]] = []
        for n in range(1001):
            lines += [{"index": {}}, {"kind": "watch", "index_name": "x", "at": "2999-01-01"}]
            lines[-1] |= {"run_id": str(n), "index": "x", "judge": "x", "taggers": {}}
        client.bulk(index="lmtx-runs", body=lines, params={"refresh": "true"})
        index_documents(client, "articles", documents)
    done = lmtx(*words)
    assert done.returncode == 1
    assert "articles: 0% of" in done.stdout
    assert "before: 100%" in done.stdout
    assert "are significantly worse" in done.stderr
    assert "Chess: 1 of 1 wrong (before: 0 of 10)" in done.stderr
    assert json.loads(lmtx("taggers", "--json").stdout)["taggers"][0]["measures"]["watched"] == 0


@pytest.mark.integration
def test_documents_on_whose_tags_the_judges_server_failed_are_checked_the_next_time(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> None:
    bootstrap(client, settings, lmtx)
    with running(environment):
        deployed(client, settings)
        index_documents(client, "articles", [{"id": "1", "text": "plays chess"}])
    broken = True

    def answer(_: int) -> tuple[int, dict[str, Any]]:
        return (400, {"error": "out of memory"}) if broken else (200, first_token("Yes"))

    words = ("watch", "--index", "articles", "--json")
    with fake_ollama(answer) as host:
        asking = {**environment, "LMTX_OLLAMA_HOSTS": host, "LMTX_OLLAMA_MODEL": "tiny"}
        failed = lmtx(*words, env=asking)
        broken = False
        done = lmtx(*words, env=asking)
    assert failed.returncode == 1
    assert f"none has an answer ({host}: out of memory" in failed.stderr
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["documents"], told["now"]["value"]) == (1, 1.0)


@pytest.mark.integration
def test_tags_without_a_label_or_an_answer_are_told_by_the_reason(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> None:
    bootstrap(client, settings, lmtx)
    texts = ["plays chess", "electronic mail", "a web browser", "spreadsheets, accounts"]
    with running(environment):
        deployed(client, settings)
        documents = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
        index_documents(client, "articles", documents)
        assert lmtx("labels", "retire", "web", "--yes").returncode == 0

    def answer(number: int) -> tuple[int, dict[str, Any]]:
        answers = {0: (200, first_token("Yes")), 1: (200, first_token("Perhaps"))}
        return answers.get(number, (400, {"error": "out of memory"}))

    with fake_ollama(answer) as host:
        asking = {**environment, "LMTX_OLLAMA_HOSTS": host, "LMTX_OLLAMA_MODEL": "tiny"}
        done = lmtx("watch", "--index", "articles", env=asking)
    assert done.returncode == 0, done.stderr
    assert "tags are left out, because no label has their names any more" in done.stdout
    assert "the judge answered neither yes nor no for 1, and its server failed on" in done.stdout
