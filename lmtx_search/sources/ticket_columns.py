"""The columns of tickets in tables, as help desks export them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.sources.csv_header import one_line

_SEPARATORS = re.compile(r"[ .]+")


@dataclass(frozen=True, slots=True)
class TicketColumns:
    """The names of a help desk's columns.

    Attributes:
        id: the column of a ticket's id.
        texts: the columns of its text; a table needs at least one.
        others: further columns that are read.
        same: other names of these columns, in small letters, with underscores between words.
    """

    id: str
    texts: tuple[str, ...]
    others: tuple[str, ...]
    same: Mapping[str, str] = field(default_factory=dict)

    def named(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a row under these names: ``Ticket ID`` and ``ID`` are ``id``.

        Of several columns with the same meaning, that with the nearest name has it, or the first.
        """
        own = {_plain(known): known for known in (self.id, *self.texts, *self.others)}
        nearest: dict[str, tuple[int, str]] = {}
        for name in fields:
            distance, known = self._known(name, own)
            if known not in nearest or distance < nearest[known][0]:
                nearest[known] = (distance, name)
        named = {name: known for known, (_, name) in nearest.items()}
        return {named.get(name, name): value for name, value in fields.items()}

    def _known(self, name: str, own: Mapping[str, str]) -> tuple[int, str]:
        """Return the column that a name means (itself if none), and how far its name is off."""
        if name in own.values():
            return 0, name
        plain = _plain(name)
        short = plain.removeprefix("ticket_")
        other = self.same.get(short, "")
        for distance, one in enumerate((plain, short, _plain(other)), 1):
            if one in own:
                return distance, own[one]
        return 0, name

    def check(self, path: Path, columns: Iterable[str], notes: list[str]) -> None:
        """Check the columns of a table; ``notes`` receives a sentence if there are no ids.

        Raises:
            UserError: no column has a text.
        """
        written = dict.fromkeys(columns)
        there, fields = one_line(written), self.named(written)
        if fields.keys().isdisjoint(self.texts):
            raise UserError(
                f"{path}, line 1: the columns are {there}: none is one of {', '.join(self.texts)} "
                "(names in English are expected). A table without such texts is loaded with "
                "--format csv"
            )
        if self.id not in fields:
            notes.append(
                f"{path} has no column {self.id}: each ticket's id is a hash of its content. The "
                f"columns are {there}"
            )


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name.strip().lower())
