"""Issues of Jira as tickets, from a row of its CSV export or an answer of its API."""

from __future__ import annotations

from lmtx_search.sources.internal_notes import jira_comment
from lmtx_search.sources.jira_editor import wiki_text
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.ticket_answers import comments_of_jira, held_comments
from lmtx_search.sources.ticket_columns import TicketColumns
from lmtx_search.sources.ticket_fields import (
    Fields,
    as_ticket,
    public_texts,
    tags_of,
    values_of,
)
from lmtx_search.sources.ticket_texts import text_of

JIRA = TicketColumns("Issue key", ("Summary", "Description", "Comment"), ("Labels",))
"""The columns of Jira's CSV."""

_NO_FIELDS = "no field `fields`: ask Jira's API with fields=*all"


def jira_ticket(fields: Fields, options: ReadOptions) -> Fields:
    """Return an issue as a ticket.

    Raises:
        ValueError: an answer of the API without the issue's fields.
    """
    inner = fields.get("fields")
    if isinstance(inner, dict):
        id_ = fields.get("key")
        comments, total = comments_of_jira(inner, id_, options.left_out)
        inner.pop("comment", None)
        comments = held_comments(comments, total, id_, options.left_out)
        texts = [
            _jira_text(inner.pop("description", None)),
            *public_texts(comments, {}, options, _jira_text),
        ]
        title, labels = inner.pop("summary", None), tags_of(inner.pop("labels", None))
        return as_ticket({"issue": inner}, id_, title, texts, labels)
    if fields.keys().isdisjoint((JIRA.id, *JIRA.texts)):
        raise ValueError(_NO_FIELDS)
    cells = [jira_comment(str(cell)) for cell in values_of(fields.pop("Comment", None))]
    texts = [
        _jira_text(fields.pop("Description", None)),
        *public_texts(cells, fields, options, _jira_text),
    ]
    title, labels = fields.pop("Summary", None), tags_of(fields.pop("Labels", None))
    return as_ticket(fields, fields.get("Issue key"), title, texts, labels)


def _jira_text(value: object) -> str:
    """Return the text of a value, without wiki markup if it is no document of Jira's editor."""
    body = value.get("body") if isinstance(value, dict) else value
    return wiki_text(text_of(value)) if isinstance(body, str) else text_of(value)
