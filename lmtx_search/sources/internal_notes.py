"""Tells comments of tickets that are only for the staff from public ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_NO = ("", "0", "f", "false", "n", "no", "none", "null")
# Words of columns such as `internal`, `is_public`, `ticket_articles.internal`.
_COLUMN = re.compile(
    r"(?:(?:is|tickets?|articles?|comments?|notes?)[ _.])*(internal|public)|jsd_?(public)",
    re.IGNORECASE,
)
_BODIES = {"body", "plain_body", "html_body"}
_PROPERTY = "sd.public.comment"
# Jira writes the properties of a comment behind its text.
_PROPERTIES = re.compile(
    r"(\[\s*\{(?:(?!\[\s*\{)[^\n])*" + re.escape(_PROPERTY) + r"[^\n]*\])\s*\Z"
)
_INTERNAL = re.compile(r"\binternal\b\W{1,4}true\b", re.IGNORECASE)
# Jira writes date, author and text of a comment into one cell.
_JIRA_COMMENT = re.compile(
    r"(?:\d{1,2}[/.][^;\n]{4,30}|\d{4}-\d\d-\d\d[^;\n]{0,20});[^;\n]*;(.*)\Z", re.DOTALL
)


def is_internal(comment: Mapping[str, Any]) -> bool:
    """Return whether a comment is for the staff, by the marks of Zammad, Zendesk and Jira."""
    properties = comment.get("properties")
    return (
        _is_yes(comment.get("internal"))
        or any(_is_no(comment.get(name)) for name in ("public", "jsdPublic"))
        or bool(comment.get("visibility"))
        or (isinstance(properties, list) and _are_internal(properties))
    )


def mark_of_row(fields: Mapping[str, Any]) -> bool | None:
    """Return what columns such as ``internal`` or ``public`` say about the comments of a row.

    An unknown value of ``internal``, and an empty one of ``public``, count as internal.

    Returns:
        Whether the comments are internal; None if there is no such column.
    """
    marks = [
        _is_yes(one) if (found[1] or found[2]).lower() == "internal" else not _is_yes(one)
        for name, value in fields.items()
        if (found := _COLUMN.fullmatch(name.strip())) and value is not None
        for one in _values(value)
    ]
    return any(marks) if marks else None


def is_hidden(fields: Mapping[str, Any]) -> bool:
    """Return whether a ticket of Zendesk has no public comment, its description included."""
    return _is_no(fields.get("is_public"))


def comments_of_cell(cell: object) -> list[Any]:
    """Return the comments that a cell of a table holds as JSON; of any other value, itself."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{"):
        try:
            read = json.loads(cell)
        except (ValueError, RecursionError):
            return [cell]
        found = read if isinstance(read, list) else [read]
        if found and all(isinstance(one, dict) and _BODIES & one.keys() for one in found):
            return found
    return [cell]


def jira_comment(cell: str) -> dict[str, Any]:
    """Return the comment of a cell, without date, author and the properties behind its text."""
    properties = _PROPERTIES.search(cell)
    text = cell[: properties.start()].rstrip().removesuffix(";") if properties else cell
    found = _JIRA_COMMENT.match(text)
    internal = properties is not None and _INTERNAL.search(properties[1]) is not None
    return {"body": found[1].strip() if found else text, "internal": internal}


def _are_internal(properties: Iterable[Any]) -> bool:
    return any(
        isinstance(one, Mapping)
        and one.get("key") == _PROPERTY
        and isinstance(one.get("value"), Mapping)
        and _is_yes(one["value"].get("internal"))
        for one in properties
    )


def _values(value: object) -> list[Any]:
    """Return the values of one column, or of several with the same name."""
    return (value or [""]) if isinstance(value, list) else [value]


def _is_yes(value: object) -> bool:
    return value is not None and str(value).strip().lower() not in _NO


def _is_no(value: object) -> bool:
    return value is not None and not _is_yes(value)
