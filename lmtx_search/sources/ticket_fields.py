"""The fields of a ticket, whatever its product: title, public comments, tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lmtx_search.sources.internal_notes import comments_of_cell, is_internal, mark_of_row
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.ticket_texts import text_of

Fields = dict[str, Any]

INTERNAL = "internal notes of tickets"
"""As what internal notes are counted."""
# Columns that hold the text of a comment under a name that the reader does not know.
_TEXTS = re.compile(
    r"(?:.*[ _.])?(?:body|comments?|articles?|notes?|texts?|contents?|messages?|html|plain)",
    re.IGNORECASE,
)


def as_ticket(
    fields: Fields, id_: object, title: object, texts: list[str], subjects: list[str]
) -> Fields:
    """Return a ticket: the fields of a record, and those that every product's tickets have."""
    made: Fields = {**fields, "id": id_, "title": text_of(title)}
    made["text"] = "\n".join(filter(None, texts))
    return made | ({"subjects": subjects} if subjects else {})


def tags_of(tags: object, separators: str = r",\s") -> list[str]:
    """Return the tags of a list, or of texts that separate them."""
    texts = [str(value) for value in values_of(tags)]
    if not isinstance(tags, list) or separators != ",":
        texts = [tag for text in texts for tag in re.split(f"[{separators}]+", text)]
    return [tag.strip() for tag in texts if tag.strip()]


def public_texts(
    comments: list[Any],
    fields: Fields,
    options: ReadOptions,
    read: Callable[[object], str] = text_of,
) -> list[str]:
    """Return the texts of comments, without those that not everybody may read.

    Args:
        fields: of the row; columns such as ``internal`` are about all of its comments.
        read: returns the text of a comment.
    """
    all_internal = mark_of_row(fields)
    texts = []
    for comment in comments:
        marked = isinstance(comment, dict) and is_internal(comment)
        if (marked or all_internal) and not options.everything:
            options.left_out.add(INTERNAL)
        else:
            texts.append(read(comment))
    return texts


def without_internal(made: Fields, options: ReadOptions, is_counted: bool) -> Fields:
    """Return a ticket without the texts in other fields of a row that is marked as internal.

    Args:
        is_counted: whether the note of the row is already counted as left out, so that the other
            fields repeat it.
    """
    if options.everything or not mark_of_row(made):
        return made
    kept = {
        name: value
        for name, value in made.items()
        if name == "text" or not value or not _TEXTS.fullmatch(name.strip())
    }
    if len(kept) < len(made) and not is_counted:
        options.left_out.add(INTERNAL)
    return kept


def comments_of(value: object) -> list[Any]:
    """Return the comments of a field, also those that a table has as JSON in a cell."""
    return [comment for one in values_of(value) for comment in comments_of_cell(one)]


def values_of(value: object) -> list[Any]:
    """Return the values of a list, or the only one; none if it is empty."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]
