"""Tickets of Zammad, Zendesk and Jira, with their comments, from JSON or CSV exports.

A ticket becomes ``id``, ``title``, ``text`` (its description and its public comments in order) and
``subjects`` (the tags that people gave it). All other fields are not changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.internal_notes import is_hidden, is_internal, mark_of_row
from lmtx_search.sources.jira import JIRA, jira_ticket
from lmtx_search.sources.json_constants import ConstantError, refuse_constants
from lmtx_search.sources.json_records import read_json_records
from lmtx_search.sources.lines import first_line, starts_as_json
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import JSON_LINES, Row, bad_constant, ending, read_rows
from lmtx_search.sources.tab_separated import header_names
from lmtx_search.sources.ticket_answers import check_answer, held_comments
from lmtx_search.sources.ticket_columns import TicketColumns
from lmtx_search.sources.ticket_fields import (
    INTERNAL,
    Fields,
    as_ticket,
    comments_of,
    public_texts,
    tags_of,
    without_internal,
)
from lmtx_search.sources.ticket_texts import is_text_of, text_of

Make = Callable[[Fields, ReadOptions], Fields]

_LISTS = ("tickets", "issues", "results")
_ARTICLES = ("articles", "article", "body")
_ZAMMAD = TicketColumns(
    "id",
    _ARTICLES,
    ("title", "tags"),
    dict.fromkeys(("article_body", "articles_body"), "body"),
)
_ZENDESK = TicketColumns(
    "id",
    ("subject", "description", "comments"),
    ("tags",),
    dict.fromkeys(("comment", "comment_body", "comments_body"), "comments"),
)
_UNTOLD = (
    "{path} has no column internal or public: all comments are read, also internal notes; add such "
    "a column, or load JSON of the API"
)
_UNTOLD_BY_JIRA = (
    "{path}: Jira's CSV does not tell which comments are only for a role or a group: they are "
    "read; JSON of the API tells them apart"
)


def read_zammad(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield Zammad's tickets; rows that repeat a ticket's id for each article are joined."""
    return _joined(_read(path, _zammad, _ZAMMAD, options))


def read_zendesk(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield Zendesk's tickets."""
    return _read(path, _zendesk, _ZENDESK, options)


def read_jira(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield Jira's issues, from its CSV export or its REST search."""
    return _read(path, jira_ticket, JIRA, options)


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
            before = options.left_out.counts.get(INTERNAL, 0)
            made = make(fields, options)
            is_counted = options.left_out.counts.get(INTERNAL, 0) > before
            made = without_internal(made, options, is_counted)
            refuse_constants(made)
            yield Row(row.line, made)
        except ConstantError as error:
            yield bad_constant(str(path), row.line, row.fields, error)
        except ValueError as error:
            yield BadLine(str(path), row.line, str(error), json.dumps(fields)[:1000])
    if not checked:
        columns.check(path, header_names(path), options.notes)


def _untold(fields: Fields) -> str:
    """Return the note for a row of a table that does not tell who may read its comments, or ""."""
    if fields.get("Comment"):
        return _UNTOLD_BY_JIRA
    every = (
        comment for name in (*_ARTICLES, "comments") for comment in comments_of(fields.get(name))
    )
    unmarked = any(not isinstance(comment, dict) for comment in every)
    return _UNTOLD if unmarked and mark_of_row(fields) is None else ""


def _zammad(fields: Fields, options: ReadOptions) -> Fields:
    named = [fields.pop(name, None) for name in _ARTICLES]
    every = [comment for articles in named for comment in comments_of(articles)]
    if not any(isinstance(articles, str) for articles in named):
        total = fields.get("article_ids") or fields.get("article_count")
        every = held_comments(every, total, fields.get("id"), options.left_out)
    # Articles have their own type in JSON; a table has only their text.
    every = [plain_or_html_text(a) if isinstance(a, str) else a for a in every]
    comments = public_texts(every, fields, options)
    # Tags of Zammad may have blanks.
    tags = tags_of(fields.pop("tags", None), ",")
    return as_ticket(fields, fields.get("id"), fields.get("title"), comments, tags)


def _zendesk(fields: Fields, options: ReadOptions) -> Fields:
    every = comments_of(fields.pop("comments", None))
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
    comments = public_texts(every, fields, options)
    texts = comments if repeated else [description, *comments]
    tags = tags_of(fields.pop("tags", None))
    return as_ticket(fields, fields.get("id"), fields.pop("subject", None), texts, tags)


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
