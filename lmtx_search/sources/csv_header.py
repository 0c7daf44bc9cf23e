"""The header of a CSV file: its delimiter, and field names that an index accepts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_QUOTED = re.compile(r'"(?:[^"]|"")*(?:"|$)')
# The first line with which Excel sets the delimiter.
_SAID = re.compile(r'"?sep=(.)"?\s*\Z', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: the field that its values get.
        named: whether the header has a name for it.
        repeated: whether other columns have the same name.
    """

    name: str
    named: bool = True
    repeated: bool = False


def delimiter_of(line: str, *, alone: bool = False) -> str:
    """Return the delimiter of a header: a comma, a semicolon or a tab.

    Delimiters inside quotes do not count.

    Args:
        line: the first line of the file.
        alone: return only the delimiter that a line such as ``sep=;`` sets, or "".

    >>> delimiter_of('id;"Title, main";"Maker, role, date"')
    ';'
    """
    if alone:
        said = _SAID.match(line)
        return said[1] if said else ""
    return max(",;\t", key=_QUOTED.sub("", line).count)


def columns_of(names: list[str], notes: list[str]) -> list[Column]:
    """Return the columns of a header.

    A column without a name is named after its position. OpenSearch reads a dot in a name as a path,
    so that a field cannot have both a value and fields below it. If there are ``dc.date`` and
    ``dc.date.issued``, the second becomes ``dc.date_issued``. Dots at the beginning and the
    end of a name are removed.

    Args:
        names: the header's names.
        notes: receives a sentence about changed names.
    """
    stripped = [name.strip() for name in names]
    fields = [
        ".".join(part for part in name.split(".") if part.strip()) or f"column_{place}"
        for place, name in enumerate(stripped, 1)
    ]
    values = set(fields)
    fields = [_beside_values(field, values) for field in fields]
    changed = dict.fromkeys(
        f"{name} → {field}"
        for name, field in zip(stripped, fields, strict=True)
        if name and name != field
    )
    if changed:
        notes.append(f"Columns were renamed to names that an index accepts: {one_line(changed)}")
    counts = Counter(fields)
    return [
        Column(field, bool(name), counts[field] > 1)
        for name, field in zip(stripped, fields, strict=True)
    ]


def one_line(names: Iterable[str]) -> str:
    """Return names of columns for a message; a header of a spreadsheet may have line breaks."""
    return ", ".join(" ".join(name.split()) for name in names)


def cased(columns: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return the columns that stand for names which differ from them only in case.

    A name that is itself a column, or that several columns could mean, is left out.

    >>> cased(["ID", "Title", "text"], ["id", "title", "text"])
    {'ID': 'id', 'Title': 'title'}
    """
    there = list(columns)
    wanted = {name.lower(): name for name in names if name not in there}
    if not wanted:
        return {}
    counts = Counter(column.lower() for column in there)
    return {
        column: wanted[column.lower()]
        for column in there
        if column.lower() in wanted and counts[column.lower()] == 1
    }


def _beside_values(field: str, values: set[str]) -> str:
    """Return a name without a dot after the name of another field."""
    parts = field.split(".")
    name = parts[0]
    for place, part in enumerate(parts[1:], 1):
        name += ("_" if ".".join(parts[:place]) in values else ".") + part
    return name
