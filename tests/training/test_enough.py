"""How many judged documents are enough to train on, and what the judge still needs for them."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.judges.budget import Budget
from lmtx_search.judges.llamacpp import HOST
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.teacher.enough import too_few_judged
from lmtx_search.training.teacher.judging_result import HostCost, JudgingResult


def judged(documents: int, seconds: float, host: str = "http://a:11434") -> JudgingResult:
    """Four answers about each document."""
    answers = {f"d{n}": dict.fromkeys("abcd", 0.5) for n in range(documents)}
    calls = 4 * documents
    return JudgingResult(
        p_yes=answers, asked=calls, seconds=seconds, hosts={host: HostCost(asked=calls)}
    )


def said(result: JudgingResult, available: int = 1000, **changes: Any) -> str:
    settings = TrainingSettings(**{"budget": Budget(seconds=180), **changes})
    return too_few_judged(result, len(result.p_yes), available, settings) or ""


def test_eight_documents_in_three_minutes_are_refused_with_the_minutes_that_are_missing() -> None:
    message = said(judged(8, seconds=150))
    assert "only 8 documents were judged in 2.5 min" in message
    assert "32 are needed to train on (--least-documents)" in message
    # 24 documents at 19 s each, of a budget of which 15 % are for held-out documents.
    assert "the other 24 take about 7.5 min" in message
    assert "--judge-budget 9m; all answers are kept" in message


def test_each_cycle_gets_its_share_of_the_budget_that_is_named() -> None:
    assert "--judge-budget 27m" in said(judged(8, seconds=150), cycles=3)


def test_a_budget_of_calls_is_named_as_calls() -> None:
    message = said(judged(8, seconds=9), budget=Budget(calls=38))
    # 32 documents with four calls each are 85 % of the budget.
    assert "raise --judge-budget to 151 or more" in message


def test_only_users_of_ollama_hear_of_the_faster_runtime() -> None:
    assert "judge.runtime = llamacpp" in said(judged(8, seconds=150))
    assert "llamacpp" not in said(judged(8, seconds=150, host=HOST))


@pytest.mark.parametrize(
    ("documents", "available", "least"), [(32, 1000, 32), (8, 1000, 8), (10, 10, 32)]
)
def test_enough_documents_or_all_of_them_are_trained_on(
    documents: int, available: int, least: int
) -> None:
    assert not said(judged(documents, 60.0), available, least_documents=least)


def test_answers_of_people_count() -> None:
    assert too_few_judged(judged(8, 153), 40, 1000, TrainingSettings()) is None


def test_a_server_that_failed_is_named_and_not_the_model() -> None:
    failed = {"http://a": HostCost(asked=80, failed=80, failure="out of memory")}
    message = said(JudgingResult(asked=80, hosts=failed, seconds=60.0))
    assert "server failed on 80 of 80 questions (http://a: out of memory)" in message
    assert "another model" not in message


def test_prompts_that_do_not_fit_are_named_and_not_the_model() -> None:
    message = said(JudgingResult(asked=80, neither=80, too_long=70, seconds=60.0))
    assert "70 of 80 prompts do not fit into the context of the judge" in message
    assert "another model" not in message


def test_a_judge_that_says_neither_is_not_asked_to_go_on() -> None:
    silent = JudgingResult(asked=80, neither=80, seconds=60.0)
    message = said(silent)
    assert "80 of 80 answers were neither yes nor no, choose another model" in message
    assert "--judge-budget" not in message
