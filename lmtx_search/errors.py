"""The errors a user sees: each is one line that says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

_T = TypeVar("_T")


class LmtxError(Exception):
    """Something failed that is not the user's mistake (exit code 1).

    The message is one line in plain words: what is wrong, where, and what to do.
    """

    exit_code = 1


class UserError(LmtxError):
    """The user's input, settings or environment need a change (exit code 2)."""

    exit_code = 2


class MissingExtra(UserError):
    """A part of the product that is an optional installation is not there."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs an extra: run  pip install 'lmtx-search[{extra}]'")


def find_named(kind: str, known: Mapping[str, _T], name: str) -> _T:
    """Return what is known by that name.

    Raises:
        UserError: nothing is; it says what there is.
    """
    if name not in known:
        raise UserError(f"no {kind} {name!r}: there are {', '.join(known)}")
    return known[name]
