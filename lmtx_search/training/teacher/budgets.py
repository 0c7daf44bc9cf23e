"""Divides the judge's budget between cycles, and between training and held-out documents."""

from __future__ import annotations

from collections.abc import Iterable

from lmtx_search.judges.budget import Budget
from lmtx_search.training.teacher.judging_result import JudgingResult


def left(budget: Budget, used: Iterable[JudgingResult]) -> Budget:
    """Return the rest of a budget. Answers from the store count as calls (see judge_pairs)."""
    calls, seconds = 0, 0.0
    for judged in used:
        calls += judged.asked + judged.known
        seconds += judged.seconds
    return Budget(
        calls=None if budget.calls is None else max(0, budget.calls - calls),
        seconds=None if budget.seconds is None else max(0.0, budget.seconds - seconds),
    )


def part(budget: Budget, cycles: int) -> Budget:
    """Return an equal share of the budget for the next of the given number of cycles."""
    return Budget(
        calls=None if budget.calls is None else -(-budget.calls // cycles),
        seconds=None if budget.seconds is None else budget.seconds / cycles,
    )


def split(budget: Budget, share: float) -> tuple[Budget, Budget]:
    """Split a cycle's budget into (training documents, held-out documents)."""
    if budget.calls is not None:
        held_out = round(share * budget.calls)
        return Budget(calls=budget.calls - held_out), Budget(calls=held_out)
    if budget.seconds is not None:
        held_out_seconds = share * budget.seconds
        return Budget(seconds=budget.seconds - held_out_seconds), Budget(seconds=held_out_seconds)
    return budget, budget
