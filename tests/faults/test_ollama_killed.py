"""Ollama is killed while it judges; and what stands before it is busy, slow or cut."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.embedded.net import LOOPBACK, free_port
from lmtx_search.embedded.ollama import find_ollama, start_ollama
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import Process, is_alive, stop
from lmtx_search.settings import Settings
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands
from tests.support.kept_judgments import kept, pair
from tests.support.recording_proxy import recording_proxy

pytestmark = pytest.mark.faults

BUDGET = 8
WORDS = ("judge", "--judge-budget", str(BUDGET), "--pairs-per-document", "2", "--shortlist", "4")
TOPICS = ("web browsers", "chess", "electronic mail", "astronomy", "music", "databases")


@pytest.fixture
def loaded(client: Any, commands: Commands, tmp_path: Path) -> Any:
    """A cluster with labels and training documents."""
    labels = [{"id": topic, "text": topic} for topic in TOPICS]
    rows = [{"id": f"{t}-{n}", "title": f"Program {n} about {t}"} for t in TOPICS for n in "abc"]
    commands.must("bootstrap-index")
    commands.must("labels", "load", toolbox.write(tmp_path / "labels.jsonl", labels))
    commands.must("docs", "load", toolbox.write(tmp_path / "docs.jsonl", rows))
    return client


@pytest.fixture
def ollama(settings: Settings) -> Iterator[Callable[[], tuple[str, Process]]]:
    """What starts an Ollama of the test's own; always at the same address."""
    found = find_ollama(settings.cache_dir, environ={"OLLAMA_HOST": f"127.0.0.1:{free_port()}"})
    assert found.program is not None
    program, address = found.program, f"http://{LOOPBACK}:{free_port()}"
    started: list[Process] = []

    def start() -> tuple[str, Process]:
        start_ollama(program, address, find_places(settings), started.append)
        return address, started[-1]

    yield start
    for process in started:
        stop(process)


def p_yes(client: Any) -> dict[tuple[str, str], float]:
    """What is kept of the judge's answers, by document and label."""
    client.indices.refresh(index="lmtx-judgments")
    hits = client.search(index="lmtx-judgments", body={"size": 1000})["hits"]["hits"]
    said = {
        (hit["_source"]["document_id"], hit["_source"]["label_id"]): hit["_source"]["p_yes"]
        for hit in hits
    }
    assert len(said) == len(hits)
    return said


def test_the_same_command_asks_only_what_has_no_answer(
    loaded: Any, commands: Commands, ollama: Callable[[], tuple[str, Process]]
) -> None:
    address, process = ollama()
    with recording_proxy(address) as (url, record):
        asked = {"LMTX_OLLAMA_HOSTS": url}
        running = commands.start(*WORDS, **asked)
        record.wait(lambda: len(record.answered) >= 3)
        os.killpg(process.pid, signal.SIGKILL)
        toolbox.wait(lambda: not is_alive(process))
        done = commands.end(running)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].endswith("run the same command to continue")
        before, start = kept(loaded), len(record.asked)
        assert before

        ollama()
        commands.must(*WORDS, **asked)
        assert not before & set(map(pair, record.asked[start:]))
    disturbed = p_yes(loaded)
    loaded.delete_by_query(
        index="lmtx-judgments", body={"query": {"match_all": {}}}, params={"refresh": "true"}
    )
    commands.must(*WORDS)
    assert disturbed == pytest.approx(p_yes(loaded), abs=0.02)


@pytest.mark.parametrize(
    "fault",
    [proxy.busy(429), proxy.busy(503), proxy.cut, proxy.refuse, proxy.one_byte_a_second],
    ids=["429", "503", "cut", "refused", "one-byte-a-second"],
)
def test_a_bad_line_to_the_judge_costs_time_only(
    loaded: Any, commands: Commands, fault: proxy.Fault
) -> None:
    """The second and third answers are spoiled: each of the two that are under way at a time."""
    spoil = [proxy.nth("POST /api/generate", number, fault) for number in (2, 3)]
    with proxy.spoiled(commands.environment["LMTX_OLLAMA_HOSTS"], *spoil) as url:
        done = commands.must(*WORDS, "--json", LMTX_OLLAMA_HOSTS=url)
    counts = json.loads(done.stdout)["counts"]
    assert counts["judged_pairs"] + counts["neither"] + counts["failed"] == BUDGET
    assert len(p_yes(loaded)) == counts["judged_pairs"]
