"""The fields ``id``, ``title`` and ``text`` of a reader under the names of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from lmtx_search.sources.rows import Row

_EMPTY: tuple[Any, ...] = (None, "", [], {})
_OWN = ("id", "title", "text")
_NOTE = (
    "the field {name} of the file is read as {aside}, because the settings (documents.id_field, "
    "documents.text_fields) use the name {name} for the {own} of a document"
)


def renamed(row: Row, id_field: str, text_fields: Sequence[str], notes: list[str]) -> Row:
    """Return a row of ``id``, ``title`` and ``text`` under the names of the settings.

    Another field with one of these names gets the prefix ``file_``, and a number if the file has a
    field of this name too, so that none is lost.

    Args:
        notes: receives a sentence for each name that was changed so.
    """
    fields = {name: value for name, value in row.fields.items() if value not in _EMPTY}
    own = {name: fields.pop(name) for name in _OWN if name in fields}
    names = {"id": id_field}
    if len(text_fields) == 1:
        text = "\n".join(own.pop(name) for name in ("title", "text") if name in own)
        own |= {"text": text} if text else {}
        names["text"] = text_fields[0]
    elif text_fields:
        names["text"] = "text" if "text" in text_fields else text_fields[-1]
        names["title"] = "title" if "title" in text_fields else text_fields[0]
    made: dict[str, Any] = {}
    taken: dict[str, str] = {}
    for name, value in [*own.items(), *fields.items()]:
        wanted = names.get(name, name) if name in own else name
        free = wanted
        if wanted in taken:
            free = f"file_{wanted}"
            numbers = count(2)
            while free in taken or free in fields or free in own:
                free = f"file_{wanted}_{next(numbers)}"
            note = _NOTE.format(name=wanted, aside=free, own=taken[wanted])
            if note not in notes:
                notes.append(note)
        elif name in own:
            taken[wanted] = name
        made[free] = value
    return replace(row, fields=made)
