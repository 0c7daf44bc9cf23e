"""`judge` ahead of `train`, killed and started again: real OpenSearch, real Ollama."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.judges.ollama import IN_FLIGHT
from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.support.fake_ollama import QWEN3, fake_ollama, first_token
from tests.support.kept_judgments import kept, pair
from tests.support.recording_proxy import recording_proxy
from tests.support.tagger_service import running

pytestmark = pytest.mark.integration


TOPICS = ("web browsers", "chess", "electronic mail", "astronomy", "music", "databases")
SMALL = ("--pairs-per-document", "3", "--shortlist", "4", "--seed", "3")
BUDGET = 14


@pytest.fixture
def loaded(client: Any, lmtx: Run, tmp_path: Path) -> None:
    """A cluster with labels and training documents."""
    labels = [{"id": text, "text": text} for text in TOPICS]
    documents = [
        {"id": f"{text}-{n}", "title": f"Program {n} about {text}"}
        for text in TOPICS
        for n in "abc"
    ]
    for name, rows in (("labels", labels), ("documents", documents)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    for words in (
        ("bootstrap-index",),
        ("labels", "load", "labels.jsonl"),
        ("docs", "load", "documents.jsonl"),
    ):
        done = lmtx(*words)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("order", ["exhaustive", "until-first-yes"])
def test_training_finds_what_was_judged_ahead(loaded: None, lmtx: Run, order: str) -> None:
    same = (*SMALL, "--order", order, "--json")
    done = lmtx("judge", "--judge-budget", "12", *same)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["counts"]["asked"] == 12
    assert [host["asked"] for host in record["hosts"]] == [12]

    few = ("--epochs", "1", "--batch-size", "4", "--least-documents", "2")
    trained = lmtx("train", "--judge-budget", "12", *same, *few)
    assert trained.returncode == 0, trained.stderr
    run = json.loads(trained.stdout)
    counts = run["counts"]
    assert run["order"] == record["order"] == order
    assert counts["known"] == 10
    # The rest of the budget is for held-out documents, which nobody can ask about ahead.
    assert counts["asked"] in (1, 2)


def test_a_label_version_made_for_judging_alone_goes_with_it(
    loaded: None, lmtx: Run, client: Any, environment: dict[str, str], settings: Settings
) -> None:
    other = environment | {"LMTX_ENCODER_LABEL_TOKENS": "16"}
    done = lmtx("judge", "--judge-budget", "3", *SMALL, env=other)
    assert done.returncode == 0, done.stderr
    assert set(client.indices.get(index="lmtx-labels-*")) == {"lmtx-labels-000001"}
    assert not list((settings.data_dir / "runs").iterdir())


def test_killed_at_three_moments_it_asks_no_kept_pair_twice_and_ends_the_same(
    loaded: None, lmtx: Run, client: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ("judge", "--judge-budget", str(BUDGET), *SMALL, "--json")
    program = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()", *words]

    with recording_proxy(environment["LMTX_OLLAMA_HOSTS"]) as (address, record):
        environment["LMTX_OLLAMA_HOSTS"] = address

        def after_answers(count: int) -> Callable[[], None]:
            return lambda: record.wait(lambda: len(record.answered) >= count)

        def just_after_a_write() -> None:
            before, deadline = kept(client), time.monotonic() + 240
            while kept(client) == before:
                assert time.monotonic() < deadline

        known: set[tuple[str, str]] = set()
        for moment in (after_answers(1), after_answers(6), just_after_a_write, None):
            start = len(record.asked)
            if moment is None:
                done = lmtx(*words)
                assert done.returncode == 0, done.stderr
            else:
                process = subprocess.Popen(program, env=environment, cwd=tmp_path)
                moment()
                process.send_signal(signal.SIGKILL)
                process.wait()
            assert not known & set(map(pair, record.asked[start:]))
            known = kept(client)

    counts = json.loads(done.stdout)["counts"]
    assert counts["judged_pairs"] + counts["neither"] == BUDGET
    distinct = set(record.asked)
    assert len(distinct) == BUDGET
    # A kill costs what was under way at the judge, and as much again at the store.
    assert len(record.asked) - len(distinct) <= 3 * 2 * IN_FLIGHT


def test_every_command_refuses_a_judge_that_thinks_in_the_same_words(
    loaded: None, lmtx: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "gold.tsv").write_text("".join(f"{t}-a\t{t}\n" for t in TOPICS))
    file = tmp_path / "documents.jsonl"
    # `study` trains with batches of 32.
    more = [{"id": f"more-{n}", "title": "", "text": f"Document {n}"} for n in range(40)]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(one) + "\n" for one in more))
    assert lmtx("docs", "load", "more.jsonl").returncode == 0
    with running(environment):
        done = lmtx("deploy", "--untrained", "--threshold", "0.2")
        assert done.returncode == 0, done.stderr
        assert lmtx("ingest", file, "--index", "articles").returncode == 0
        with fake_ollama(lambda n: (200, first_token("<think>")), shown=QWEN3) as host:
            asking = {**environment, "LMTX_OLLAMA_HOSTS": host, "LMTX_OLLAMA_MODEL": "tiny"}
            study = ("--gold", "gold.tsv", "--values", "2", "--documents", "40")
            said = {
                words[0]: lmtx(*words, env=asking)
                for words in (
                    ("judge", "--judge-budget", "4", *SMALL),
                    ("train", "--judge-budget", "4", *SMALL, "--epochs", "1"),
                    ("evaluate", file, "--by-judge", "--system", "bm25", "--sample", "2"),
                    ("study", "shortlist", file, *study),
                    ("watch", "--index", "articles", "--sample", "2"),
                )
            }
            doctor = lmtx("doctor", env=asking).stdout
    lines = {name: done.stderr.strip().splitlines()[-1] for name, done in said.items()}
    assert len({*lines.values()}) == 1, lines
    (line,) = {*lines.values()}
    assert line.startswith("Error: tiny thinks before it answers")
    assert " ".join(line.removeprefix("Error: ").split()[:6]) in " ".join(doctor.split())
    assert {done.returncode for done in said.values()} == {2}
