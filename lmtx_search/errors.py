"""The errors that a user sees, each one line: what is wrong, where, and what to do.

These are all exception classes of the product:

.. code-block:: text

    Exception
    ├── LmtxError             something failed that is not the user's mistake; exit code 1
    │   ├── UserError         input, settings or environment need a change; exit code 2
    │   │   └── MissingExtra  an optional part is not installed
    │   └── Unreachable       a download broke off (embedded.maven)
    ├── Busy                  the cluster refused items for now (cluster.client.retry)
    └── ConstantError         NaN in JSON where a value is needed (sources.json_constants)

``except LmtxError`` catches everything that the public functions report. Errors of opensearch-py
become one of these in ``cluster.client.errors``. Unreachable and Busy tell their own rooms to try
again; after the last attempt, a user sees a LmtxError. Readers turn ConstantError into a malformed
line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

_T = TypeVar("_T")


class LmtxError(Exception):
    """Something failed that is not the user's mistake; exit code 1.

    The message is one line in plain words: what is wrong, where, and what to do.
    """

    exit_code = 1


class UserError(LmtxError):
    """The user's input, settings or environment need a change; exit code 2."""

    exit_code = 2


class MissingExtra(UserError):
    """An optional part of the product is not installed.

    Args:
        extra: the name of the optional part, as pip takes it.
        purpose: what needs it, as the beginning of a sentence.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs an extra: run  pip install 'lmtx-search[{extra}]'")


def find_named(kind: str, known: Mapping[str, _T], name: str) -> _T:
    """Return the entry of that name.

    Args:
        kind: what the entries are, for the message: "profile".

    Raises:
        UserError: there is no such entry; the message lists the names.
    """
    if name not in known:
        raise UserError(f"no {kind} {name!r}: there are {', '.join(known)}")
    return known[name]
