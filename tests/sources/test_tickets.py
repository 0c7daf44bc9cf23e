"""Tickets of help desks: one document each, with its comments and its tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row
from lmtx_search.sources.tickets import read_jira, read_zammad, read_zendesk


def fields_of(reader: Any, path: Path, options: ReadOptions | None = None) -> list[dict[str, Any]]:
    rows = list(reader(path, options or ReadOptions()))
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.fields for row in rows]


ZENDESK = {
    "id": 1,
    "subject": "Printer",
    "description": "It jams",
    "comments": [
        {"id": 7, "body": "It jams", "public": True},
        {"id": 8, "html_body": "<p>Try <b>again</b></p>", "public": True},
        {"id": 9, "body": "an odd customer", "public": False},
    ],
    "tags": ["printer", "vip"],
}


class TestZendesk:
    def test_comments_are_joined_and_the_description_is_not_read_twice(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "tickets.jsonl"
        path.write_text(json.dumps(ZENDESK))
        (ticket,) = fields_of(read_zendesk, path)
        assert (ticket["title"], ticket["text"]) == ("Printer", "It jams\nTry again")
        assert (ticket["id"], ticket["subjects"]) == (1, ["printer", "vip"])

    def test_notes_for_the_staff_are_left_out_unless_everything_is_asked_for(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "tickets.json"
        path.write_text(json.dumps({"tickets": [ZENDESK], "count": 1}, indent=1))
        options = ReadOptions()
        fields_of(read_zendesk, path, options)
        assert options.left_out.counts == {"internal notes of tickets": 1}
        (ticket,) = fields_of(read_zendesk, path, ReadOptions(everything=True))
        assert ticket["text"].endswith("an odd customer")


class TestZammad:
    def test_rows_of_one_ticket_are_joined(self, tmp_path: Path) -> None:
        path = tmp_path / "tickets.csv"
        path.write_text(
            'id;title;article\n1;Printer;"Hello,\nmy ""HP"" jams"\n1;Printer;Solved\n2;Mail;none\n'
        )
        first, second = fields_of(read_zammad, path)
        assert first["text"] == 'Hello,\nmy "HP" jams\nSolved'
        assert (second["id"], second["text"]) == ("2", "none")

    def test_articles_in_html_are_texts_and_internal_ones_are_counted(self, tmp_path: Path) -> None:
        articles = [
            {"body": "<div>It <i>jams</i></div>", "content_type": "text/html", "internal": False},
            {"body": "call him", "content_type": "text/plain", "internal": True},
        ]
        path = tmp_path / "tickets.json"
        path.write_text(json.dumps([{"id": 1, "title": "Printer", "articles": articles}]))
        options = ReadOptions()
        (ticket,) = fields_of(read_zammad, path, options)
        assert ticket["text"] == "It jams"
        assert options.left_out.total == 1


class TestJira:
    def test_repeated_columns_are_comments_and_labels(self, tmp_path: Path) -> None:
        path = tmp_path / "jira.csv"
        path.write_text(
            "Issue key,Summary,Labels,Labels,Description,Comment,Comment\n"
            'P-1,Login fails,backend,urgent,Answers 500,"12/Mar/24 9:15 AM;ann;it works; ok",x\n'
        )
        (issue,) = fields_of(read_jira, path)
        assert (issue["id"], issue["title"]) == ("P-1", "Login fails")
        assert issue["text"] == "Answers 500\nit works; ok\nx"
        assert issue["subjects"] == ["backend", "urgent"]

    def test_a_search_of_the_api_has_documents_of_the_editor(self, tmp_path: Path) -> None:
        def document(*texts: str) -> dict[str, Any]:
            content = [{"type": "text", "text": text} for text in texts]
            return {"type": "doc", "content": [{"type": "paragraph", "content": content}]}

        found = {
            "summary": "Login",
            "description": document("first"),
            "labels": ["web"],
            "comment": {"comments": [{"body": document("second")}, {"body": "third"}]},
        }
        path = tmp_path / "jira.json"
        path.write_text(json.dumps({"issues": [{"key": "P-2", "fields": found}]}, indent=2))
        (issue,) = fields_of(read_jira, path)
        assert (issue["id"], issue["text"]) == ("P-2", "first\nsecond\nthird")
        assert issue["subjects"] == ["web"]


def test_a_file_with_another_list_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{\n"users":\n[]}\n')
    with pytest.raises(UserError, match="a list under tickets or issues"):
        fields_of(read_jira, path)
