"""The header of a CSV file: its delimiter, and names that an index can have."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_QUOTED = re.compile(r'"(?:[^"]|"")*(?:"|$)')
# The first line in which Excel finds the delimiter.
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
    """Return what is between the names of a header: a comma, a semicolon or a tab.

    Delimiters inside quotes do not count.

    Args:
        line: the first line of the file.
        alone: return the delimiter of a line that says nothing else (``sep=;``), or "".

    >>> delimiter_of('id;"Title, main";"Maker, role, date"')
    ';'
    """
    if alone:
        said = _SAID.match(line)
        return said[1] if said else ""
    return max(",;\t", key=_QUOTED.sub("", line).count)


def columns_of(names: list[str], notes: list[str]) -> list[Column]:
    """Return the columns of a header.

    A column without a name is called by its place. OpenSearch reads a dot in a name as a path, so
    a field cannot hold a value and have fields below it: of ``dc.date`` and ``dc.date.issued`` the
    second becomes ``dc.date_issued``. A name that begins or ends with a dot loses it.

    Args:
        names: the header's names.
        notes: gets a sentence for the names that were changed.
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
        notes.append(f"Columns have other names, which an index can have: {', '.join(changed)}")
    counts = Counter(fields)
    return [
        Column(field, bool(name), counts[field] > 1)
        for name, field in zip(stripped, fields, strict=True)
    ]


def _beside_values(field: str, values: set[str]) -> str:
    """Return a name without dots behind the names of other fields."""
    parts = field.split(".")
    name = parts[0]
    for place, part in enumerate(parts[1:], 1):
        name += ("_" if ".".join(parts[:place]) in values else ".") + part
    return name
