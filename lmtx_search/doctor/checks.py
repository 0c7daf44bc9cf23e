"""What is checked, and what came out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lmtx_search.cluster.client.errors import translate
from lmtx_search.errors import LmtxError

Status = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do about it where it is not ``ok``.

    ``warn`` is what works but will not do for long, or what comes next on the first day.
    """

    status: Status
    found: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at.

    ``leads``: where it is bad, the rest of its group makes no sense, nor do checks that
    name the group in ``needs``.
    """

    group: str
    name: str
    look: Callable[[], Finding]
    leads: bool = False
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A check with its finding."""

    group: str
    name: str
    status: Status
    found: str
    todo: str


def ok(found: str) -> Finding:
    """Return that all is well."""
    return Finding("ok", found)


def carry_out(checks: Iterable[Check]) -> Iterator[Result]:
    """Look at one thing after another; an error is a finding, in its own words."""
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
        known = translate(error)
        if known is None:
            raise
        return Finding("bad", str(known))
