"""`doctor`: every line says how things are and what to do, and nothing is changed by looking."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.cluster.health.health import Disk, read_account
from lmtx_search.doctor.checks import Check, Finding, carry_out, ok
from lmtx_search.doctor.judge import judge_finding
from lmtx_search.doctor.machine import folder_finding
from lmtx_search.embedded.net import LOOPBACK, free_port
from lmtx_search.errors import UserError
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.records import Document, Label
from tests.conftest import Run


class FixedJudge:
    """What `judge_finding` reads of a judge."""

    name = "a judge"
    lost: dict[str, str] = {}  # noqa: RUF012
    chat_problem = ""


def answers(*p_yes: tuple[float | None, float | None]) -> list[Answer]:
    pairs = [
        [Pair(Document(str(n), "text"), Label(word, word), rank) for rank, word in enumerate("ab")]
        for n in range(len(p_yes))
    ]
    return [
        Answer(pair, p)
        for of_document, said in zip(pairs, p_yes, strict=True)
        for pair, p in zip(of_document, said, strict=True)
    ]


def test_an_error_is_a_finding_in_its_own_words() -> None:
    def look() -> Finding:
        raise UserError("no such thing: make it")

    (result,) = carry_out([Check("Group", "thing", look)])
    assert (result.status, result.found) == ("bad", "no such thing: make it")


def test_what_depends_on_something_bad_is_not_looked_at() -> None:
    bad = Finding("bad", "not there")
    checks = [
        Check("A", "leads", lambda: bad, leads=True),
        Check("A", "rest", lambda: ok("")),
        Check("B", "needs it", lambda: ok(""), needs="A"),
        Check("C", "free", lambda: ok("")),
    ]
    assert [result.name for result in carry_out(checks)] == ["leads", "free"]


def test_a_judge_that_tells_right_from_wrong_is_well() -> None:
    finding = judge_finding(FixedJudge(), answers((0.9, 0.1), (0.6, 0.2)), 4.0)  # type: ignore[arg-type]
    assert finding.status == "ok"
    assert "4.0 pairs/s" in finding.found


@pytest.mark.parametrize(
    ("said", "speed", "status", "told"),
    [
        (((0.5, 0.5), (0.1, 0.9)), 4.0, "bad", "does not distinguish right labels"),
        (((None, 0.1), (0.9, 0.1)), 4.0, "bad", "neither yes nor no to 1 of 4"),
        (((0.9, 0.1), (0.9, 0.1)), 0.1, "warn", "slow"),
    ],
)
def test_a_judge_that_will_not_do_is_said_so(
    said: Any, speed: float, status: str, told: str
) -> None:
    finding = judge_finding(FixedJudge(), answers(*said), speed)  # type: ignore[arg-type]
    assert finding.status == status
    assert told in finding.found
    assert finding.todo


def test_a_server_that_fails_is_named_and_not_the_model() -> None:
    said = [replace(one, failure="out of memory") for one in answers((None, None))]
    finding = judge_finding(FixedJudge(), said, 4.0)  # type: ignore[arg-type]
    assert finding.status == "bad"
    assert "its server failed on 2 of 2 easy questions (out of memory)" in finding.found
    assert "model" not in finding.todo


def test_a_judge_whose_chat_format_is_unknown_is_a_warning() -> None:
    judge = FixedJudge()
    judge.chat_problem = "the chat format of the judge x is unknown"
    finding = judge_finding(judge, answers((0.9, 0.1)), 4.0)  # type: ignore[arg-type]
    assert finding.status == "warn"
    assert "the chat format of the judge x is unknown" in finding.found


def test_a_slow_judge_in_the_process_is_not_told_to_run_in_the_process() -> None:
    said = answers((0.9, 0.1), (0.9, 0.1))
    finding = judge_finding(FixedJudge(), said, 0.1, "llamacpp")  # type: ignore[arg-type]
    assert "judge.runtime" not in finding.todo
    assert "smaller model" in finding.todo


def test_a_check_that_fails_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LMTX_DEBUG", raising=False)

    def look() -> Finding:
        raise PermissionError(13, "Permission\ndenied", "/root/x")

    first, second = carry_out([Check("A", "fails", look), Check("A", "next", lambda: ok(""))])
    assert (first.status, second.status) == ("bad", "ok")
    assert first.found.startswith("PermissionError: [Errno 13] Permission")


@pytest.mark.parametrize(("name", "flag"), [("data_dir", True), ("cache_dir", False)])
def test_a_folder_that_cannot_be_looked_at_is_bad(tmp_path: Path, name: str, flag: bool) -> None:
    finding = folder_finding(name, tmp_path / ("long" * 100))
    assert finding.status == "bad"
    assert "cannot be used: File name too long" in finding.found
    assert f"LMTX_{name.upper()}" in finding.todo
    assert ("--data-dir" in finding.todo) is flag


def test_a_folder_that_cannot_be_one_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert folder_finding("data_dir", tmp_path / "file" / "data").status == "bad"
    assert "free" in folder_finding("data_dir", tmp_path / "new" / "data").found
    assert not (tmp_path / "new").exists()


def test_the_security_plugins_answer_is_read() -> None:
    found = read_account({"user_name": "tagger", "roles": ["own_index", "lmtx"], "tenants": {}})
    assert (found.user, found.roles) == ("tagger", ("lmtx", "own_index"))


def test_a_disk_is_as_full_as_what_is_not_free() -> None:
    assert Disk("node", free=25, total=100).used == 0.75


def test_where_nothing_runs_it_is_exit_code_one_and_says_how_to_start(tmp_path: Path) -> None:
    nowhere = f"http://{LOOPBACK}:{free_port()}"
    words = ["--data-dir", str(tmp_path), "--url", nowhere, "--ollama", nowhere, "doctor"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 1
    assert f"no OpenSearch at {nowhere}: start one (`lmtx-search up`)" in result.output
    assert f"no Ollama at {nowhere}" in result.output
    assert "Tagger" not in result.output


def test_wrong_settings_are_exit_code_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lmtx-search.toml").write_text("[opensearch]\nulr = 1\n")
    result = CliRunner().invoke(cli, ["doctor"])
    assert isinstance(result.exception, UserError)


@pytest.mark.integration
def test_a_real_cluster_from_its_first_day_on(client: Any, lmtx: Run, tmp_path: Path) -> None:
    def doctor() -> dict[str, dict[str, str]]:
        done = lmtx("doctor", "--json")
        checks = json.loads(done.stdout)["checks"]
        bad = [check for check in checks if check["status"] == "bad"]
        assert done.returncode == (1 if bad else 0)
        return {f"{check['group']} {check['name']}": check for check in checks}

    before = client.indices.get(index="*")
    first = doctor()
    assert first["Cluster version"]["status"] == "ok"
    assert first["Cluster set up"]["todo"] == "lmtx-search bootstrap-index"
    assert first["Judge Ollama"]["status"] in ("ok", "warn")
    assert first["Encoder encoder"]["status"] == "ok"
    assert client.indices.get(index="*").keys() == before.keys()

    assert lmtx("bootstrap-index").returncode == 0
    (tmp_path / "documents.jsonl").write_text('{"id": "1", "other": "chess"}\n')
    assert lmtx("docs", "load", "documents.jsonl").returncode == 0
    second = doctor()
    assert second["Cluster set up"]["status"] == "ok"
    assert second["Cluster labels"]["todo"] == "lmtx-search labels load FILE"
    assert "has text in title, text" in second["Cluster to learn from"]["found"]
    assert "no tagger is deployed" in second["Tagger pipeline"]["found"]
