"""A training without a judge: its settings, and what takes the places of judge and store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.base import Case, Order
from lmtx_search.judges.prompts import DEFAULT_PROMPT, load_prompt
from lmtx_search.records import Judgment
from lmtx_search.training.settings import TrainingSettings


def without_judge(settings: TrainingSettings) -> TrainingSettings:
    """Return the settings of the same training without a question to the judge.

    It has one cycle: without answers, no later one is kept.
    """
    return replace(settings, budget=Budget(calls=0), cycles=1)


class NoJudge:
    """Takes the place of a judge and answers nothing."""

    name = digest = "no judge"
    chat_problem = ""

    def __init__(self) -> None:
        self.prompt = load_prompt(DEFAULT_PROMPT)
        self.lost: dict[str, str] = {}

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        """Yield nothing."""
        return iter(())

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        """Yield nothing, and read no document."""
        return iter(())


class NoStore:
    """Stores nothing, for judges without cost."""

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        """Return nothing."""
        return {}

    def add(self, judgments: list[Judgment]) -> None:
        """Discard judgments."""
