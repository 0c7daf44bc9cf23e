"""Answers of help desks that hold no ticket, or not all of its comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmtx_search.sources.left_out import LeftOut

_ERRORS = ("errorMessages", "errors", "error")
_OF_TICKETS = {"id", "key", "Issue key", "title", "subject", "Summary"}
_NOT_THERE = "comments of tickets that the file does not hold"
_NO_LIST = "lists of comments that the file does not hold (ask Jira for the field comment)"


def check_answer(fields: Mapping[str, Any]) -> None:
    """Check that an object of JSON is a ticket.

    Raises:
        ValueError: it tells an error of the API.
    """
    said = next((fields[name] for name in _ERRORS if fields.get(name)), None)
    if said is None or _OF_TICKETS & fields.keys():
        return
    first = said[0] if isinstance(said, list) else said
    raise ValueError(f"an error of the API in place of a ticket: {first}"[:200])


def held_comments(
    comments: Sequence[Any], total: object, id_: object, left_out: LeftOut
) -> list[Any]:
    """Return the comments in an answer, and count those that it lacks.

    Args:
        total: how many comments the ticket has, or their ids; anything else: not told.
        id_: of the ticket.
    """
    held = [one for one in comments if not isinstance(one, int | float)]
    told = len(total) if isinstance(total, list) else total if isinstance(total, int) else 0
    left_out.add(_NOT_THERE, str(id_), max(len(comments), told) - len(held))
    return held


def comments_of_jira(
    inner: Mapping[str, Any], id_: object, left_out: LeftOut
) -> tuple[list[Any], object]:
    """Return the comments among an issue's fields, and how many it has.

    Raises:
        ValueError: the field has another form.
    """
    if "comment" not in inner:
        left_out.add(_NO_LIST, str(id_))
    value = inner.get("comment")
    answer = {"comments": value} if isinstance(value, list) else value or {}
    comments = (answer.get("comments") or []) if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(comments, list):
        raise ValueError("field comment: an object with a list of comments is expected")
    return comments, answer.get("total")
