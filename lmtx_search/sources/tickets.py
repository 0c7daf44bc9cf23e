"""Tickets of Zammad, Zendesk and Jira, with their comments, from JSON or CSV exports.

A ticket becomes ``id``, ``title``, ``text`` (its description and its public comments in order) and
``subjects`` (the tags that people gave it). All other fields are not changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.internal_notes import (
    comments_of_cell,
    is_hidden,
    is_internal,
    jira_comment,
    mark_of_row,
)
from lmtx_search.sources.jira_editor import wiki_text
from lmtx_search.sources.json_records import read_json_records
from lmtx_search.sources.lines import first_line, starts_as_json
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import JSON_LINES, Row, ending, read_rows
from lmtx_search.sources.tab_separated import header_names
from lmtx_search.sources.ticket_answers import check_answer, comments_of_jira, held_comments
from lmtx_search.sources.ticket_columns import TicketColumns
from lmtx_search.sources.ticket_texts import is_text_of, text_of

Fields = dict[str, Any]
Make = Callable[[Fields, ReadOptions], Fields]

_LISTS = ("tickets", "issues", "results")
_ARTICLES = ("articles", "article", "body")
_ZAMMAD = TicketColumns("id", ("title", *_ARTICLES), ("tags",))
_ZENDESK = TicketColumns("id", ("subject", "description", "comments"), ("tags",))
_JIRA = TicketColumns("Issue key", ("Summary", "Description", "Comment"), ("Labels",))
_INTERNAL = "internal notes of tickets"
_UNTOLD = (
    "{path} has no column internal or public: all comments are read, also internal notes; add such "
    "a column, or load JSON of the API"
)
_UNTOLD_BY_JIRA = (
    "{path}: Jira's CSV does not tell which comments are only for a role or a group: they are "
    "read; JSON of the API tells them apart"
)
_NO_FIELDS = "no field `fields`: ask Jira's API with fields=*all"


def read_zammad(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield Zammad's tickets; rows that repeat a ticket's id for each article are joined."""
    return _joined(_read(path, _zammad, _ZAMMAD, options))


def read_zendesk(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield Zendesk's tickets."""
    return _read(path, _zendesk, _ZENDESK, options)


def read_jira(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield Jira's issues, from its CSV export or its REST search."""
    return _read(path, _jira, _JIRA, options)


def _read(
    path: Path, make: Make, columns: TicketColumns, options: ReadOptions
) -> Iterator[Row | BadLine]:
    is_table = ending(path) not in JSON_LINES and not starts_as_json(path)
    if is_table and first_line(path).lstrip().startswith("<"):
        raise UserError(
            f"{path} is XML or HTML: export CSV, or save answers of the REST API, which are JSON"
        )
    rows = (
        read_rows(path, "csv", options.notes)
        if is_table
        else read_json_records(path, _LISTS, options.notes)
    )
    untold, checked = "", not is_table
    for row in rows:
        if isinstance(row, BadLine):
            yield row
            continue
        fields = row.fields
        # The form in which Zendesk answers for one ticket.
        if isinstance(fields.get("ticket"), dict) and "id" not in fields:
            fields = fields["ticket"]
        if is_table:
            fields = columns.named(fields)
        if not checked:
            columns.check(path, row.fields, options.notes)
            checked = True
        if is_table and not untold and not options.everything and (untold := _untold(fields)):
            options.notes.append(untold.format(path=path))
        try:
            if not is_table:
                check_answer(fields)
            yield Row(row.line, make(fields, options))
        except ValueError as error:
            yield BadLine(str(path), row.line, str(error), json.dumps(fields)[:1000])
    if not checked:
        columns.check(path, header_names(path), options.notes)


def _untold(fields: Fields) -> str:
    """Return the note for a row of a table that does not tell who may read its comments, or ""."""
    if fields.get("Comment"):
        return _UNTOLD_BY_JIRA
    every = (
        comment for name in (*_ARTICLES, "comments") for comment in _comments(fields.get(name))
    )
    unmarked = any(not isinstance(comment, dict) for comment in every)
    return _UNTOLD if unmarked and mark_of_row(fields) is None else ""


def _zammad(fields: Fields, options: ReadOptions) -> Fields:
    named = [fields.pop(name, None) for name in _ARTICLES]
    articles = next(filter(None, named), None)
    every = _comments(articles)
    if not isinstance(articles, str):
        total = fields.get("article_ids") or fields.get("article_count")
        every = held_comments(every, total, fields.get("id"), options.left_out)
    # Articles have their own type in JSON; a table has only their text.
    every = [plain_or_html_text(a) if isinstance(a, str) else a for a in every]
    comments = _public(every, fields, options)
    # Tags of Zammad may have blanks.
    tags = _split(fields.pop("tags", None), ",")
    return _ticket(fields, fields.get("id"), fields.get("title"), comments, tags)


def _zendesk(fields: Fields, options: ReadOptions) -> Fields:
    every = _comments(fields.pop("comments", None))
    description = text_of(fields.pop("description", None))
    total = fields.get("comment_count")
    # The description is the first comment.
    if every or not description:
        every = held_comments(every, total, fields.get("id"), options.left_out)
    else:
        held_comments([description], total, fields.get("id"), options.left_out)
    # The first comment of a ticket is its description, also where it is an internal note.
    first = every[0] if every else None
    repeated = any(is_text_of(comment, description) for comment in every) or (
        isinstance(first, dict) and is_internal(first) and not options.everything
    )
    if description and not repeated and (not every or is_hidden(fields)):
        every, repeated = [description, *every], True
    comments = _public(every, fields, options)
    texts = comments if repeated else [description, *comments]
    tags = _split(fields.pop("tags", None))
    return _ticket(fields, fields.get("id"), fields.pop("subject", None), texts, tags)


def _jira(fields: Fields, options: ReadOptions) -> Fields:
    inner = fields.get("fields")
    if isinstance(inner, dict):
        id_ = fields.get("key")
        comments, total = comments_of_jira(inner, id_, options.left_out)
        inner.pop("comment", None)
        comments = held_comments(comments, total, id_, options.left_out)
        texts = [
            _jira_text(inner.pop("description", None)),
            *_public(comments, {}, options, _jira_text),
        ]
        title, labels = inner.pop("summary", None), _split(inner.pop("labels", None))
        return _ticket({"issue": inner}, id_, title, texts, labels)
    if fields.keys().isdisjoint((_JIRA.id, *_JIRA.texts)):
        raise ValueError(_NO_FIELDS)
    cells = [jira_comment(str(cell)) for cell in _list(fields.pop("Comment", None))]
    texts = [
        _jira_text(fields.pop("Description", None)),
        *_public(cells, fields, options, _jira_text),
    ]
    title, labels = fields.pop("Summary", None), _split(fields.pop("Labels", None))
    return _ticket(fields, fields.get("Issue key"), title, texts, labels)


def _ticket(
    fields: Fields, id_: object, title: object, texts: list[str], subjects: list[str]
) -> Fields:
    made: Fields = {**fields, "id": id_, "title": text_of(title)}
    made["text"] = "\n".join(filter(None, texts))
    return made | ({"subjects": subjects} if subjects else {})


def _split(tags: object, separators: str = r",\s") -> list[str]:
    """Return the tags of a list, or of texts that separate them."""
    texts = [str(value) for value in _list(tags)]
    if not isinstance(tags, list) or separators != ",":
        texts = [tag for text in texts for tag in re.split(f"[{separators}]+", text)]
    return [tag.strip() for tag in texts if tag.strip()]


def _jira_text(value: object) -> str:
    """Return the text of a value, without wiki markup if it is no document of Jira's editor."""
    body = value.get("body") if isinstance(value, dict) else value
    return wiki_text(text_of(value)) if isinstance(body, str) else text_of(value)


def _public(
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
            options.left_out.add(_INTERNAL)
        else:
            texts.append(read(comment))
    return texts


def _comments(value: object) -> list[Any]:
    """Return the comments of a field, also those that a table has as JSON in a cell."""
    return [comment for one in _list(value) for comment in comments_of_cell(one)]


def _list(value: object) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _joined(rows: Iterator[Row | BadLine]) -> Iterator[Row | BadLine]:
    """Join rows that follow each other and have the same id."""
    last: Row | None = None
    for row in rows:
        if isinstance(row, BadLine):
            yield row
        elif last is not None and row.fields["id"] and row.fields["id"] == last.fields["id"]:
            text = "\n".join(filter(None, (last.fields["text"], row.fields["text"])))
            last = Row(last.line, {**last.fields, "text": text})
        else:
            if last is not None:
                yield last
            last = row
    if last is not None:
        yield last
