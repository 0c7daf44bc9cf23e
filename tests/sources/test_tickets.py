"""What the tickets of all help desks have in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row
from lmtx_search.sources.tickets import read_jira, read_zammad, read_zendesk
from tests.support.ticket_rows import fields_of


def test_fields_with_the_values_false_and_zero_stay(tmp_path: Path) -> None:
    path = tmp_path / "tickets.jsonl"
    path.write_text(json.dumps({"id": 1, "subject": "T", "is_public": False, "score": 0}))
    (document,) = DocumentFile(path, "zendesk")
    assert isinstance(document, Document)
    assert (document.source["is_public"], document.source["score"]) == (False, 0)


@pytest.mark.parametrize(
    ("reader", "header"),
    [
        (read_zammad, "ID,TITLE,Body\n"),
        (read_zendesk, '"Ticket ID",Subject,Description\n'),
        (read_jira, "issue KEY,summary,description\n"),
    ],
)
def test_columns_are_known_whatever_their_case(tmp_path: Path, reader: Any, header: str) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(f"{header}1,T,<b>x</b> y\n")
    (ticket,) = fields_of(reader, path)
    text = "x y" if reader is read_zammad else "<b>x</b> y"
    assert (ticket["id"], ticket["title"], ticket["text"]) == ("1", "T", text)


@pytest.mark.parametrize("header", ["Comment,Comments", "Ticket Comments,COMMENTS"])
def test_the_column_with_the_nearest_name_is_read(tmp_path: Path, header: str) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(f"id,{header},public\n1,other,the comment,yes\n")
    (ticket,) = fields_of(read_zendesk, path)
    assert ticket["text"] == "the comment"
    assert ticket[header.split(",")[0]] == "other"


def test_a_table_without_a_known_text_is_refused_and_one_without_ids_has_a_note(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("Zusammenfassung,Beschreibung\nT,x\n")
    with pytest.raises(UserError, match="none is one of Summary, Description, Comment"):
        fields_of(read_jira, path)
    path.write_text("Number,subject\n1,T\n")
    options = ReadOptions()
    fields_of(read_zendesk, path, options)
    assert options.notes[0].startswith(f"{path} has no column id: ")


@pytest.mark.parametrize("reader", [read_zammad, read_zendesk, read_jira])
def test_xml_on_one_line_is_refused(tmp_path: Path, reader: Any) -> None:
    path = tmp_path / "export.xml"
    path.write_text('<?xml version="1.0"?><rss version="2.0"><item><title>x</title></item></rss>')
    with pytest.raises(UserError, match="is XML or HTML: export CSV"):
        fields_of(reader, path)


@pytest.mark.parametrize("reader", [read_zammad, read_zendesk, read_jira])
@pytest.mark.parametrize(
    "answer",
    [
        {"errorMessages": ["The value 'X' does not exist"], "errors": {}},
        {"error": "RecordNotFound", "description": "Not found"},
    ],
)
def test_an_error_of_the_api_is_a_malformed_line(
    tmp_path: Path, reader: Any, answer: dict[str, Any]
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps(answer))
    (bad,) = reader(path, ReadOptions())
    assert isinstance(bad, BadLine)
    assert bad.reason.startswith("an error of the API in place of a ticket: ")


@pytest.mark.parametrize(
    ("reader", "ticket", "missing"),
    [
        (read_zammad, {"article_count": 3}, 3),
        (read_zammad, {"article_ids": [4, 5], "article_count": 2}, 2),
        (read_zammad, {"articles": [1, 2, 3]}, 3),
        (read_zammad, {"articles": [{"body": "one"}], "article_count": 1}, 0),
        (read_zendesk, {"description": "one", "comment_count": 3}, 2),
        (read_zendesk, {"description": "one", "comment_count": 1}, 0),
        (read_zendesk, {"description": "one", "comments": [7, 8]}, 2),
        (read_jira, {"fields": {"comment": {"comments": [5, {"body": "one"}]}}}, 1),
    ],
)
def test_comments_that_an_answer_does_not_contain_are_counted(
    tmp_path: Path, reader: Any, ticket: dict[str, Any], missing: int
) -> None:
    path = tmp_path / "tickets.jsonl"
    path.write_text(json.dumps({"id": 1, **ticket}))
    options = ReadOptions()
    (fields,) = fields_of(reader, path, options)
    assert options.left_out.total == missing
    assert fields["text"] in ("", "one")


@pytest.mark.parametrize("field", ["title", "created_at", "tags"])
def test_a_number_that_json_does_not_have_costs_only_the_tickets_that_keep_it(
    tmp_path: Path, field: str
) -> None:
    article = {"body": "Tea", "time_unit": float("nan")}
    tickets = [{"id": 1, "articles": [article]}, {"id": 2, field: float("nan")}]
    answer = {"took": float("nan"), "tickets": tickets}
    (tmp_path / "t.json").write_text(json.dumps(answer, indent=1))
    bad, fine = read_zammad(tmp_path / "t.json", ReadOptions())
    assert isinstance(bad, BadLine)
    assert isinstance(fine, Row)
    assert (fine.fields["text"], bad.line) == ("Tea", 15)
    assert bad.reason == "record 2 of the list has NaN or Infinity, which is not JSON"
