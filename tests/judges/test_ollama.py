"""The Ollama judge against servers that fail in ways which a real one cannot be made to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("ollama")

from lmtx_search.doctor.checks import carry_out
from lmtx_search.doctor.judge import judge_checks
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.judges import ollama
from lmtx_search.judges.base import Pair, judgment_id
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import DEFAULT_PROMPT, load_prompt
from lmtx_search.records import Document, Label
from lmtx_search.settings import OllamaSettings, Settings
from lmtx_search.training.teacher.judging import JudgingTask, Teacher, judge_pairs
from tests.support.fake_ollama import QWEN3, fake_ollama, first_token
from tests.support.memory_judge import MemoryStore

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


# What Ollama shows of qwen3, of gpt-oss, and of a model with a renderer in place of a template.
GPT_OSS = {"template": "<|start|>{{ .Role }}<|channel|>", "capabilities": ["thinking"]}
RENDERED = {"template": "{{ .Prompt }}", "capabilities": ["thinking"]}


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
    with fake_ollama(lambda n: (200, {"response": "Perhaps"} if n == 1 else YES)) as host:
        answers = list(judge(host).ask(PAIRS))
    assert sum(a.p_yes is None for a in answers) == 1
    assert len(answers) == len(PAIRS)


def test_an_error_of_the_server_costs_its_answer_and_is_named() -> None:
    error = (400, {"error": "out of memory"})
    with fake_ollama(lambda n: error if n in (2, 5) else (200, YES)) as host:
        answers = list(judge(host).ask(PAIRS))
    failed = [answer for answer in answers if answer.failure]
    assert len(answers) == len(PAIRS)
    assert len(failed) == sum(answer.p_yes is None for answer in answers) == 2
    assert "out of memory" in failed[0].failure


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


@pytest.mark.parametrize(("seconds", "after"), [(0.0, 1), (3600.0, len(PAIRS))])
def test_a_model_that_is_replaced_under_its_name_stops_the_judge(
    seconds: float, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama, "_CHECK_SECONDS", seconds)
    bodies: list[dict[str, Any]] = []

    def digest() -> str:
        return "abc" if len(bodies) < after else "new"

    with (
        fake_ollama(lambda n: (200, YES), digest, bodies=bodies) as url,
        pytest.raises(UserError, match=f"{url} has another model named tiny than at the start"),
    ):
        list(judge(url).ask(PAIRS))
    assert after <= len(bodies) < after + ollama.IN_FLIGHT


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


@pytest.mark.parametrize("shown", [QWEN3, RENDERED])
def test_thinking_is_switched_off_where_the_model_can_think(shown: dict[str, Any]) -> None:
    bodies: list[dict[str, Any]] = []
    with fake_ollama(lambda n: (200, YES), shown=shown, bodies=bodies) as host:
        assert all(answer.p_yes is not None for answer in judge(host).ask(PAIRS))
    assert {body["think"] for body in bodies} == {False}
    block = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert all(body["prompt"].endswith(block) for body in bodies)


def test_a_model_that_cannot_think_is_asked_as_before() -> None:
    bodies: list[dict[str, Any]] = []
    with fake_ollama(lambda n: (200, YES), bodies=bodies) as host:
        list(judge(host).ask(PAIRS))
    assert all("think" not in body for body in bodies)
    assert all(body["prompt"].endswith("<|im_start|>assistant\n") for body in bodies)


def test_judgments_with_thinking_off_are_kept_apart() -> None:
    with fake_ollama(lambda n: (200, YES)) as host:
        plain = judge(host)
    with fake_ollama(lambda n: (200, YES), shown=QWEN3) as host:
        thinking = judge(host)
    assert judgment_id(plain, PAIRS[0]) != judgment_id(thinking, PAIRS[0])


def test_the_ids_of_stored_judgments_stay_the_same() -> None:
    with fake_ollama(lambda n: (200, YES)) as host:
        settings = OllamaSettings(hosts=(host,), model="tiny", timeout=10)
        found = OllamaJudge(settings, load_prompt(DEFAULT_PROMPT))
    assert judgment_id(found, PAIRS[0]) == (
        "4f6bf5ac7ba09ce542e97270c077aaf62289a528f51eedd1d4921d82febe56d0"
    )


@pytest.mark.parametrize("shown", [{}, QWEN3, GPT_OSS])
@pytest.mark.parametrize(
    "token",
    ["<think>", "<thinking>", "[THINK]", "<|channel|>", "<|START_THINKING|>", "<seed:think>"],
)
def test_a_model_that_thinks_is_refused_at_its_first_answer(
    token: str, shown: dict[str, Any]
) -> None:
    bodies: list[dict[str, Any]] = []
    answer = first_token(token)
    with (
        fake_ollama(lambda n: (200, answer), shown=shown, bodies=bodies) as host,
        pytest.raises(UserError) as refused,
    ):
        list(judge(host).ask(PAIRS))
    assert f"tiny thinks before it answers (its first token is {token})" in str(refused.value)
    assert "--model, ollama.model" in str(refused.value)
    assert len(bodies) < len(PAIRS)


def test_a_model_that_thinks_is_refused_without_log_probabilities_too() -> None:
    with (
        fake_ollama(lambda n: (200, {"response": "<think>"})) as host,
        pytest.raises(UserError, match="thinks before it answers"),
    ):
        list(judge(host).ask(PAIRS))


def test_doctor_and_training_refuse_a_model_that_thinks_in_the_same_words() -> None:
    with fake_ollama(lambda n: (200, first_token("<think>")), shown=QWEN3) as host:
        settings = Settings(ollama=OllamaSettings(hosts=(host,), model="tiny", timeout=10))
        (found,) = carry_out(judge_checks(settings))
        with pytest.raises(UserError) as refused:
            judge_pairs(
                Teacher(judge(host), Exhaustive(), MemoryStore()),
                [PAIRS[:2]],
                JudgingTask("Judge", Budget(calls=2)),
            )
    assert (found.status, found.found) == ("bad", str(refused.value))


def test_a_later_thought_costs_only_its_answer() -> None:
    last = len(PAIRS) - 1
    thought = first_token("<think>")
    with fake_ollama(lambda n: (200, thought if n == last else YES)) as host:
        answers = list(judge(host).ask(PAIRS))
    assert [a.p_yes is None for a in answers].count(True) == 1
    assert len(answers) == len(PAIRS)


@pytest.mark.parametrize(
    "error",
    [
        "the input length exceeds the context length",
        "request (2622 tokens) exceeds the available context size (512 tokens), try increasing it",
    ],
)
def test_a_prompt_that_does_not_fit_is_never_cut(error: str) -> None:
    bodies: list[dict[str, Any]] = []
    with fake_ollama(
        lambda n: (400, {"error": error}) if n < 5 else (200, YES), bodies=bodies
    ) as host:
        asked = judge(host)
        answers = list(asked.ask(PAIRS))
    assert {body["truncate"] for body in bodies} == {False}
    assert [(a.p_yes is None) == a.too_long for a in answers] == [True] * len(PAIRS)
    assert sum(a.too_long for a in answers) == 5
    assert not asked.lost
