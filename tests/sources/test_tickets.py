"""Tickets of help desks: one document each, with its comments and its tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile
from lmtx_search.sources.internal_notes import jira_comment
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

    def test_a_column_of_a_table_tells_internal_articles(self, tmp_path: Path) -> None:
        path = tmp_path / "tickets.csv"
        path.write_text("id,title,body,internal\n1,x,SECRET,true\n1,x,public,f\n2,y,SECRET,t\n")
        options = ReadOptions()
        first, second = fields_of(read_zammad, path, options)
        assert "SECRET" not in f"{first} {second}"
        assert (first["text"], second["text"]) == ("public", "")
        assert options.left_out.counts == {"internal notes of tickets": 2}
        assert not options.notes

    def test_a_cell_may_hold_articles_as_json(self, tmp_path: Path) -> None:
        articles = [{"body": "SECRET", "internal": True}, {"body": "public", "internal": False}]
        cell = json.dumps(articles).replace('"', '""')
        path = tmp_path / "tickets.csv"
        path.write_text(f'id,title,articles\n1,x,"{cell}"\n')
        assert [ticket["text"] for ticket in fields_of(read_zammad, path)] == ["public"]

    def test_a_table_that_cannot_tell_internal_articles_has_a_note(self, tmp_path: Path) -> None:
        path = tmp_path / "tickets.csv"
        path.write_text("id,title,article\n1,x,one\n2,y,two\n")
        options = ReadOptions()
        fields_of(read_zammad, path, options)
        (note,) = options.notes
        assert "no column internal or public" in note


class TestJira:
    def test_internal_comments_of_a_table_are_left_out(self, tmp_path: Path) -> None:
        def cell(text: str, internal: str) -> str:
            mark = f'[{{key=sd.public.comment,value={{""internal"":{internal}}}}}]'
            return f'"02/Jan/26 10:00 AM;ann;{text};{mark}"'

        path = tmp_path / "jira.csv"
        path.write_text(
            "Issue key,Summary,Comment,Comment\n"
            f"P-1,x,{cell('SECRET', 'true')},{cell('see [{a}]; fixed', 'false')}\n"
        )
        options = ReadOptions()
        (issue,) = fields_of(read_jira, path, options)
        assert issue["text"] == "see [{a}]; fixed"
        assert options.left_out.counts == {"internal notes of tickets": 1}
        assert "only for a role or a group" in options.notes[0]
        (issue,) = fields_of(read_jira, path, ReadOptions(everything=True))
        assert issue["text"] == "SECRET\nsee [{a}]; fixed"

    def test_a_property_of_the_api_tells_internal_comments(self, tmp_path: Path) -> None:
        mark = {"key": "sd.public.comment", "value": {"internal": True}}
        comments = {"comments": [{"body": "SECRET", "properties": [mark]}, {"body": "public"}]}
        path = tmp_path / "jira.json"
        path.write_text(json.dumps([{"key": "P-4", "fields": {"comment": comments}}]))
        assert [issue["text"] for issue in fields_of(read_jira, path)] == ["public"]

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

    def test_a_line_of_the_editor_may_consist_of_several_nodes(self, tmp_path: Path) -> None:
        line = [
            {"type": "text", "text": "un"},
            {"type": "text", "text": "believable, ", "marks": [{"type": "strong"}]},
            {"type": "mention", "attrs": {"id": "7", "text": "@ann"}},
            {"type": "hardBreak"},
            {"type": "inlineCard", "attrs": {"url": "https://example.org/1"}},
        ]
        cells = [{"type": "tableCell", "content": [{"type": "paragraph", "content": line}]}] * 2
        table = {"type": "table", "content": [{"type": "tableRow", "content": cells}]}
        found = {"summary": "x", "description": {"type": "doc", "content": [table]}}
        path = tmp_path / "jira.json"
        path.write_text(json.dumps([{"key": "P-3", "fields": found}]))
        (issue,) = fields_of(read_jira, path)
        cell = "unbelievable, @ann\nhttps://example.org/1"
        assert issue["text"] == f"{cell}\n{cell}"

    def test_a_date_of_the_editor_is_text_and_blocks_are_lines(self, tmp_path: Path) -> None:
        date = {"type": "date", "attrs": {"timestamp": "1700000000000"}}
        words = [{"type": "text", "text": "due "}, date, {"type": "text", "text": " at noon"}]
        body = {"type": "doc", "content": [{"type": "paragraph", "content": words}, date]}
        path = tmp_path / "jira.json"
        path.write_text(json.dumps([{"key": "P-5", "fields": {"description": body}}]))
        (issue,) = fields_of(read_jira, path)
        assert issue["text"] == "due 2023-11-14 at noon\n2023-11-14"

    def test_marks_of_the_wiki_are_not_text(self, tmp_path: Path) -> None:
        path = tmp_path / "jira.csv"
        path.write_text(
            "Issue key,Summary,Description,Comment\n"
            'P-1,x,"h2. Log\n{code:java}a = {b}{code} [page|http://x/1] [0|1]",{quote}y{quote}\n'
        )
        (issue,) = fields_of(read_jira, path)
        assert issue["text"] == "Log\na = {b} page [0|1]\ny"

    def test_a_comment_of_a_table_has_no_date_in_any_form(self, tmp_path: Path) -> None:
        path = tmp_path / "jira.csv"
        path.write_text(
            "Issue key,Summary,Comment,Comment\n"
            "P-1,x,05/Apr/24 10:01 AM;5c0;one; two,2024-04-05 10:01;557058:ab-cd;three\n"
        )
        assert [one["text"] for one in fields_of(read_jira, path)] == ["one; two\nthree"]

    def test_an_issue_may_lack_comments_and_one_with_others_is_a_bad_line(
        self, tmp_path: Path
    ) -> None:
        answers: list[Any] = [{"comments": None, "total": None}, [{"body": "one"}], "x"]
        issues = [{"key": "P", "fields": {"comment": answer}} for answer in answers]
        path = tmp_path / "jira.json"
        path.write_text(json.dumps(issues))
        empty, listed, bad = read_jira(path, ReadOptions())
        assert isinstance(empty, Row)
        assert isinstance(listed, Row)
        assert (empty.fields["text"], listed.fields["text"]) == ("", "one")
        assert isinstance(bad, BadLine)
        assert bad.reason.startswith("field comment: ")

    def test_comments_that_the_file_does_not_hold_are_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "jira.json"
        comments = {"total": 3, "comments": [{"body": "one"}]}
        path.write_text(json.dumps([{"key": "P-4", "fields": {"comment": comments}}]))
        options = ReadOptions()
        fields_of(read_jira, path, options)
        (line,) = options.left_out.lines()
        assert line.startswith("Left out: 2 comments of tickets that the file does not hold")


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


def test_a_file_with_another_list_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{\n"users":\n[]}\n')
    with pytest.raises(UserError, match="a list under tickets or issues"):
        fields_of(read_jira, path)


def test_a_description_that_is_an_internal_note_is_left_out(tmp_path: Path) -> None:
    note = {"body": "a known fraud case", "public": False}
    ticket = {"id": 1, "description": "a known fraud case", "comments": [note, {"body": "Hello"}]}
    path = tmp_path / "tickets.jsonl"
    path.write_text(json.dumps(ticket))
    options = ReadOptions()
    (fields,) = fields_of(read_zendesk, path, options)
    assert fields["text"] == "Hello"
    assert options.left_out.counts == {"internal notes of tickets": 1}


@pytest.mark.parametrize(
    "mark", [{"jsdPublic": False}, {"visibility": {"type": "role", "value": "Administrators"}}]
)
def test_comments_of_jira_that_not_everybody_may_read_are_left_out(
    tmp_path: Path, mark: dict[str, Any]
) -> None:
    comments = [{"body": "hunter2", **mark}, {"body": "Try again", "jsdPublic": True}]
    issue = {"key": "A-1", "fields": {"summary": "Login", "comment": {"comments": comments}}}
    path = tmp_path / "issues.json"
    path.write_text(json.dumps({"issues": [issue]}))
    options = ReadOptions()
    (fields,) = fields_of(read_jira, path, options)
    assert fields["text"] == "Try again"
    assert options.left_out.counts == {"internal notes of tickets": 1}


@pytest.mark.parametrize("tags", [["VIP customer", "printer"], "VIP customer, printer"])
def test_tags_of_zammad_may_have_blanks(tmp_path: Path, tags: object) -> None:
    path = tmp_path / "tickets.json"
    path.write_text(json.dumps([{"id": 1, "title": "T", "tags": tags}]))
    (fields,) = fields_of(read_zammad, path)
    assert fields["subjects"] == ["VIP customer", "printer"]


def test_fields_with_the_values_false_and_zero_stay(tmp_path: Path) -> None:
    path = tmp_path / "tickets.jsonl"
    path.write_text(json.dumps({"id": 1, "subject": "T", "is_public": False, "score": 0}))
    (document,) = DocumentFile(path, "zendesk")
    assert isinstance(document, Document)
    assert (document.source["is_public"], document.source["score"]) == (False, 0)


def test_answers_of_an_api_that_were_saved_one_per_line_are_their_tickets(tmp_path: Path) -> None:
    pages = [{"issues": [{"key": "A-1", "fields": {"summary": "One"}}], "total": 2}]
    pages += [{"issues": [{"key": "A-2", "fields": {"summary": "Two"}}], "total": 2}]
    path = tmp_path / "issues.jsonl"
    path.write_text("".join(json.dumps(page) + "\n" for page in pages))
    found = fields_of(read_jira, path)
    assert [one["title"] for one in found] == ["One", "Two"]


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


def test_the_columns_are_checked_without_rows_too(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("Zusammenfassung,Beschreibung\n")
    with pytest.raises(UserError, match="the columns are Zusammenfassung, Beschreibung: none is"):
        fields_of(read_jira, path)
    path.write_text("Issue key,Summary\n")
    assert not fields_of(read_jira, path)


def test_messages_have_the_columns_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("Ticket ID,Betreff\n1,T\n")
    with pytest.raises(UserError, match="the columns are Ticket ID, Betreff: none is"):
        fields_of(read_zendesk, path)


def test_properties_behind_a_comment_of_jira_are_no_text() -> None:
    properties = '[{"key":"sd.public.comment","value":{"internal":true}}]'
    # Takes minutes if the time grows with the square of the blanks.
    blanks = " " * 300_000
    cell = f"01/Jan/24 10:00 AM;ann;Try{blanks}again; {properties}"
    assert jira_comment(cell) == {"body": f"Try{blanks}again", "internal": True}


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


def test_issues_without_their_fields_are_malformed_lines(tmp_path: Path) -> None:
    path = tmp_path / "jira.json"
    path.write_text(json.dumps({"issues": [{"id": "10001"}, {"id": "10002"}], "isLast": True}))
    bad = list(read_jira(path, ReadOptions()))
    assert [one.reason for one in bad if isinstance(one, BadLine)] == [
        "no field `fields`: ask Jira's API with fields=*all"
    ] * 2


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


def test_issues_without_a_list_of_comments_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "jira.jsonl"
    path.write_text(json.dumps({"key": "P-1", "fields": {"summary": "x"}}))
    options = ReadOptions()
    fields_of(read_jira, path, options)
    (line,) = options.left_out.lines()
    assert line.startswith("Left out: 1 lists of comments that the file does not hold")


def test_titles_and_addresses_of_the_editor_are_text_and_braces_stay(tmp_path: Path) -> None:
    def paragraph(text: str) -> dict[str, Any]:
        return {"type": "paragraph", "content": [{"type": "text", "text": text}]}

    content = [
        {"type": "expand", "attrs": {"title": "Log"}, "content": [paragraph("{code}x{code}")]},
        {"type": "embedCard", "attrs": {"url": "https://example.org/1", "layout": "wide"}},
    ]
    found = {"description": {"type": "doc", "content": content}}
    path = tmp_path / "jira.json"
    path.write_text(json.dumps([{"key": "P-6", "fields": found}]))
    (issue,) = fields_of(read_jira, path)
    assert issue["text"] == "Log\n{code}x{code}\nhttps://example.org/1"


def test_only_pairs_of_wiki_marks_are_no_text(tmp_path: Path) -> None:
    text = "use {{a {code} b}} or {color:red}x{color} and a single {quote}"
    path = tmp_path / "jira.json"
    path.write_text(json.dumps([{"key": "P-7", "fields": {"description": text}}]))
    (issue,) = fields_of(read_jira, path)
    assert issue["text"] == "use {{a {code} b}} or x and a single {quote}"
