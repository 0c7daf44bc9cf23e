"""Tickets of Zendesk: one document each, with its comments and its tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.tickets import read_zendesk
from tests.support.ticket_rows import fields_of

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

    @pytest.mark.parametrize(
        ("row", "text"),
        [
            ("description,public\n1,SECRET,false\n", ""),
            ("description,comments,public\n1,asks,SECRET,\n", "asks"),
            ("description,comments,is_public\n1,SECRET,SECRET too,False\n", ""),
            ("description,comments,is_public\n1,asks,answer,1\n", "asks\nanswer"),
        ],
    )
    def test_a_column_of_a_table_tells_internal_comments(
        self, tmp_path: Path, row: str, text: str
    ) -> None:
        path = tmp_path / "tickets.csv"
        path.write_text(f"id,{row}")
        options = ReadOptions()
        (ticket,) = fields_of(read_zendesk, path, options)
        assert ticket["text"] == text
        assert bool(options.left_out) is ("SECRET" in row)

    def test_an_internal_first_comment_is_the_description_in_every_form(
        self, tmp_path: Path
    ) -> None:
        def ticket(number: int, public: bool) -> dict[str, Any]:
            text = "**SECRET**\xa0x"
            first = {"body": text, "plain_body": "SECRET&nbsp;x", "public": public}
            return {"id": number, "description": text, "comments": [first, {"body": "Hello"}]}

        path = tmp_path / "tickets.json"
        path.write_text(json.dumps({"tickets": [ticket(1, False), ticket(2, True)]}))
        options = ReadOptions()
        internal, public = fields_of(read_zendesk, path, options)
        assert (internal["text"], public["text"]) == ("Hello", "SECRET x\nHello")
        assert options.left_out.counts == {"internal notes of tickets": 1}


def test_a_zendesk_ticket_in_the_form_of_the_api_is_a_ticket(tmp_path: Path) -> None:
    path = tmp_path / "zendesk.jsonl"
    path.write_text('{"ticket": {"id": 2, "subject": "T", "description": "d"}}\n')
    (ticket,) = fields_of(read_zendesk, path)
    assert (ticket["id"], ticket["title"], ticket["text"]) == (2, "T", "d")


@pytest.mark.parametrize(
    ("more", "noted"),
    [
        ({"next_page": "https://example.org?page=2"}, True),
        ({"next_page": None, "count": 1}, False),
        ({"meta": {"has_more": True}}, True),
        ({"startAt": 0, "total": 50}, True),
        ({"isLast": False}, True),
    ],
)
def test_one_page_of_a_longer_list_is_told(
    tmp_path: Path, more: dict[str, Any], noted: bool
) -> None:
    path = tmp_path / "zendesk.json"
    path.write_text(json.dumps({"tickets": [{"id": 1}], **more}))
    options = ReadOptions()
    fields_of(read_zendesk, path, options)
    assert [f"{path} holds 1 records" in note for note in options.notes] == [True] * noted


def test_a_description_that_is_an_internal_note_is_left_out(tmp_path: Path) -> None:
    note = {"body": "a known fraud case", "public": False}
    ticket = {"id": 1, "description": "a known fraud case", "comments": [note, {"body": "Hello"}]}
    path = tmp_path / "tickets.jsonl"
    path.write_text(json.dumps(ticket))
    options = ReadOptions()
    (fields,) = fields_of(read_zendesk, path, options)
    assert fields["text"] == "Hello"
    assert options.left_out.counts == {"internal notes of tickets": 1}


def test_messages_have_the_columns_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("Ticket ID,Betreff\n1,T\n")
    with pytest.raises(UserError, match="the columns are Ticket ID, Betreff: none is"):
        fields_of(read_zendesk, path)


def test_a_column_of_one_comment_is_read_as_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("id,subject,description,comment,public\n1,S,one,SECRET,no\n2,T,two,seen,yes\n")
    first, second = fields_of(read_zendesk, path)
    assert "SECRET" not in str(first)
    assert second["text"] == "two\nseen"
