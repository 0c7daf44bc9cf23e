"""Checks of the judge: availability, speed, and whether it tells right labels from wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lmtx_search.doctor.checks import Check, Finding, ok
from lmtx_search.judges.base import ANOTHER_MODEL, Answer, Pair
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings

# Documents, each with a right and a wrong label.
_PAIRS = (
    (
        "A program that plays chess against you. It knows the rules, takes back moves, reads games "
        "from files and can be made as weak or as strong as you like.",
        "chess",
        "cooking",
    ),
    (
        "The council approved a new tram line between the harbour and the university. Building "
        "starts in spring; the buses on the same route will be fewer.",
        "public transport",
        "astronomy",
    ),
    (
        "The printer on the second floor says that there is a paper jam, but there is no paper in "
        "it. I have switched it off and on again twice.",
        "printers",
        "football",
    ),
    (
        "Oil on canvas, about 1660. A woman reads a letter at an open window; behind her hangs a "
        "map, and the light falls on a bowl of fruit.",
        "paintings",
        "databases",
    ),
)
_SLOW = 0.5


def judge_checks(settings: Settings) -> Iterator[Check]:
    """Return the checks."""
    runtime = "llama.cpp" if settings.judge.runtime == "llamacpp" else "Ollama"
    yield Check("Judge", runtime, lambda: _examine(settings))


def _examine(settings: Settings) -> Finding:
    judge = open_judge(settings)
    rows = [
        (Document(str(number), text), right, wrong)
        for number, (text, right, wrong) in enumerate(_PAIRS)
    ]
    warm_up, *rest = rows
    list(judge.ask(_pairs(*warm_up)))  # the model is loaded by now
    started = time.monotonic()
    answers = [answer for row in rest for answer in judge.ask(_pairs(*row))]
    speed = len(answers) / max(1e-6, time.monotonic() - started)
    return judge_finding(judge, answers, speed, settings.judge.runtime)


def judge_finding(
    judge: OrderedJudge, answers: list[Answer], speed: float, runtime: str = "ollama"
) -> Finding:
    """Rate a judge's answers; labels of rank 0 are right, the others wrong."""
    found = f"{judge.name}, {speed:.1f} pairs/s"
    right = [answer.p_yes or 0.0 for answer in answers if answer.pair.rank == 0]
    wrong = [answer.p_yes or 0.0 for answer in answers if answer.pair.rank == 1]
    failures = [answer.failure for answer in answers if answer.failure]
    if failures:
        return Finding(
            "bad",
            f"{found}; its server failed on {len(failures)} of {len(answers)} easy questions "
            f"({failures[-1]})",
            "look at the server's log",
        )
    if any(answer.p_yes is None for answer in answers):
        silent = sum(answer.p_yes is None for answer in answers)
        return Finding(
            "bad",
            f"{found}; neither yes nor no to {silent} of {len(answers)} easy questions",
            f"{ANOTHER_MODEL}: one that follows instructions",
        )
    if sum(a > b for a, b in zip(right, wrong, strict=True)) <= len(right) // 2:
        return Finding(
            "bad",
            f"{found}; it does not distinguish right labels from wrong ones",
            ANOTHER_MODEL,
        )
    if judge.lost:
        lost = "; ".join(f"{host}: {why}" for host, why in judge.lost.items())
        return Finding("warn", f"{found}; lost {lost}", "check these hosts (ollama.hosts)")
    if judge.chat_problem:
        return Finding("warn", f"{found}; {judge.chat_problem}", ANOTHER_MODEL)
    if speed < _SLOW:
        remedy = (
            "choose a smaller model (judge.gguf), or wait until other work on this machine ends"
            if runtime == "llamacpp"
            else "add hosts to ollama.hosts, choose a smaller model, or set "
            "judge.runtime = llamacpp"
        )
        return Finding("warn", f"{found}: slow", remedy)
    return ok(f"{found}, distinguishes right labels from wrong ones")


def _pairs(document: Document, *labels: str) -> list[Pair]:
    return [Pair(document, Label(text, text), rank) for rank, text in enumerate(labels)]
