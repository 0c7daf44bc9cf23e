"""Checks and their results."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lmtx_search.cluster.client.errors import translate
from lmtx_search.errors import LmtxError

Status = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check, with a remedy if it is not ``ok``.

    ``warn`` means that it works, but not for long, or that it is the next step of the first day.
    """

    status: Status
    found: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    With ``leads``, a bad result skips the rest of its group, and the checks that name the group in
    ``needs``.
    """

    group: str
    name: str
    look: Callable[[], Finding]
    leads: bool = False
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A check with its result."""

    group: str
    name: str
    status: Status
    found: str
    todo: str


def ok(found: str) -> Finding:
    """Return a result without a problem."""
    return Finding("ok", found)


def carry_out(checks: Iterable[Check]) -> Iterator[Result]:
    """Run the checks in order; an error becomes a result with the error's message."""
    given_up: set[str] = set()
    for check in checks:
        if given_up & {check.group, check.needs}:
            continue
        finding = _look(check)
        if check.leads and finding.status == "bad":
            given_up.add(check.group)
        yield Result(check.group, check.name, finding.status, finding.found, finding.todo)


def _look(check: Check) -> Finding:
    try:
        return check.look()
    except LmtxError as error:
        return Finding("bad", str(error))
    except Exception as error:
        if os.environ.get("LMTX_DEBUG"):
            raise
        # One check that fails must not hide the others.
        known = translate(error) or f"{type(error).__name__}: {error} (LMTX_DEBUG=1 shows where)"
        return Finding("bad", " ".join(str(known).split()))
