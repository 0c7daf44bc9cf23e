"""The Ollama judge against servers that fail in ways which a real one cannot be made to."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("ollama")

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.judges.base import Pair, judgment_id
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label
from lmtx_search.settings import OllamaSettings
from tests.support.http_server import QuietHandler, serving

Answer = Callable[[int], tuple[int, dict[str, Any]]]
YES = {
    "response": "Yes",
    "logprobs": [
        {
            "token": "Yes",
            "logprob": math.log(0.6),
            "top_logprobs": [
                {"token": "Yes", "logprob": math.log(0.6)},
                {"token": "no", "logprob": math.log(0.2)},
            ],
        }
    ],
}
PAIRS = [
    Pair(Document(f"d{number}", f"text {number}"), Label(label, label), rank)
    for number in range(4)
    for rank, label in enumerate(("games", "mail"))
]


@contextmanager
def fake_ollama(answer: Answer, digest: str = "abc") -> Iterator[str]:
    """Serve one model; ``answer`` gives status and body of the n-th question."""
    asked = iter(range(10**6))

    class Handler(QuietHandler):
        def _send(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._send(200, {"models": [{"model": "tiny:latest", "digest": digest}]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/api/show":
                self._send(200, {"template": "", "model_info": {}})
            else:
                self._send(*answer(next(asked)))

    with serving(Handler) as url:
        yield url


def judge(*hosts: str, model: str = "tiny") -> OllamaJudge:
    return OllamaJudge(
        OllamaSettings(hosts=hosts, model=model, timeout=10), load_prompt("librarian")
    )


def test_p_yes_is_read_from_the_log_probabilities() -> None:
    with fake_ollama(lambda n: (200, YES)) as host:
        answers = list(judge(host).ask(PAIRS))
    assert {(a.pair.document.id, a.pair.label.id) for a in answers} == {
        (p.document.id, p.label.id) for p in PAIRS
    }
    assert all(a.p_yes == pytest.approx(0.75) for a in answers)


def test_a_server_without_log_probabilities_is_read_by_its_word() -> None:
    with fake_ollama(lambda n: (200, {"response": "No"})) as host:
        assert {a.p_yes for a in judge(host).ask(PAIRS)} == {0.0}


def test_an_answer_that_is_neither_costs_only_itself() -> None:
    with fake_ollama(lambda n: (200, {"response": "<think>"} if n == 1 else YES)) as host:
        answers = list(judge(host).ask(PAIRS))
    assert sum(a.p_yes is None for a in answers) == 1
    assert len(answers) == len(PAIRS)


def test_a_busy_server_is_asked_again() -> None:
    with fake_ollama(lambda n: (503, {"error": "busy"}) if n == 0 else (200, YES)) as host:
        answers = list(judge(host).ask(PAIRS))
    assert all(a.p_yes is not None for a in answers)
    assert len(answers) == len(PAIRS)


def test_a_host_that_loses_the_model_costs_its_share_not_the_run() -> None:
    gone = (404, {"error": "model 'tiny' not found"})
    with (
        fake_ollama(lambda n: (200, YES) if n < 1 else gone) as bad,
        fake_ollama(lambda n: (200, YES)) as good,
    ):
        both = judge(bad, good)
        answers = list(both.ask(PAIRS))
    asked = sorted((a.pair.document.id, a.pair.label.id) for a in answers)
    assert asked == sorted((p.document.id, p.label.id) for p in PAIRS)
    assert set(both.lost) <= {bad}


def test_when_the_last_host_fails_too_it_is_said() -> None:
    with (
        fake_ollama(lambda n: (404, {"error": "model 'tiny' not found"})) as host,
        pytest.raises(LmtxError, match="stopped answering"),
    ):
        list(judge(host).ask(PAIRS))


def test_a_host_that_is_down_is_left_out() -> None:
    with fake_ollama(lambda n: (200, YES)) as host:
        found = judge("http://127.0.0.1:9", host)
        assert len(list(found.ask(PAIRS))) == len(PAIRS)
    assert found.lost == {"http://127.0.0.1:9": "cannot connect"}


def test_a_missing_model_is_reported_with_the_command_that_fetches_it() -> None:
    with (
        fake_ollama(lambda n: (200, YES)) as host,
        pytest.raises(UserError, match="ollama pull other"),
    ):
        judge(host, model="other")


def test_hosts_with_different_models_of_one_name_are_refused() -> None:
    with (
        fake_ollama(lambda n: (200, YES), "abc") as one,
        fake_ollama(lambda n: (200, YES), "def") as two,
        pytest.raises(UserError, match="different models"),
    ):
        judge(one, two)


def test_pairs_are_taken_only_as_they_are_needed() -> None:
    taken = []

    def pairs() -> Iterator[Pair]:
        for number in range(1000):
            taken.append(number)
            yield Pair(Document(f"d{number}", "text"), Label("games", "games"), 0)

    with fake_ollama(lambda n: (200, YES)) as host:
        answers = judge(host).ask(pairs())
        next(answers)
        answers.close()  # type: ignore[attr-defined]
    assert len(taken) < 1000


def test_a_judgment_is_known_by_all_that_was_asked() -> None:
    with fake_ollama(lambda n: (200, YES)) as host:
        one = judge(host)
    pair = Pair(Document("a", "x" * 10_000), Label("games", "games"), 0)
    far = Pair(Document("b", "x" * 10_000 + "y"), Label("g", "games"), 5)
    other = Pair(Document("a", "x" * 10_000), Label("games", "play"), 0)
    assert judgment_id(one, pair) == judgment_id(one, far)
    assert judgment_id(one, pair) != judgment_id(one, other)


def test_a_server_that_is_not_ollama_is_reported() -> None:
    with (
        fake_ollama(lambda n: (200, YES), digest=["no digest"]) as host,  # type: ignore[arg-type]
        pytest.raises(UserError, match="no Ollama"),
    ):
        judge(host)
