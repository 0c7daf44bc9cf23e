"""Issues of Jira: one document each, with its comments and its labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.internal_notes import jira_comment
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row
from lmtx_search.sources.tickets import read_jira
from tests.support.ticket_rows import fields_of


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


def test_a_file_with_another_list_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{\n"users":\n[]}\n')
    with pytest.raises(UserError, match="a list under tickets or issues"):
        fields_of(read_jira, path)


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


def test_answers_of_an_api_that_were_saved_one_per_line_are_their_tickets(tmp_path: Path) -> None:
    pages = [{"issues": [{"key": "A-1", "fields": {"summary": "One"}}], "total": 2}]
    pages += [{"issues": [{"key": "A-2", "fields": {"summary": "Two"}}], "total": 2}]
    path = tmp_path / "issues.jsonl"
    path.write_text("".join(json.dumps(page) + "\n" for page in pages))
    found = fields_of(read_jira, path)
    assert [one["title"] for one in found] == ["One", "Two"]


def test_the_columns_are_checked_without_rows_too(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("Zusammenfassung,Beschreibung\n")
    with pytest.raises(UserError, match="the columns are Zusammenfassung, Beschreibung: none is"):
        fields_of(read_jira, path)
    path.write_text("Issue key,Summary\n")
    assert not fields_of(read_jira, path)


def test_properties_behind_a_comment_of_jira_are_no_text() -> None:
    properties = '[{"key":"sd.public.comment","value":{"internal":true}}]'
    # Takes minutes if the time grows with the square of the blanks.
    blanks = " " * 300_000
    cell = f"01/Jan/24 10:00 AM;ann;Try{blanks}again; {properties}"
    assert jira_comment(cell) == {"body": f"Try{blanks}again", "internal": True}


def test_issues_without_their_fields_are_malformed_lines(tmp_path: Path) -> None:
    path = tmp_path / "jira.json"
    path.write_text(json.dumps({"issues": [{"id": "10001"}, {"id": "10002"}], "isLast": True}))
    bad = list(read_jira(path, ReadOptions()))
    assert [one.reason for one in bad if isinstance(one, BadLine)] == [
        "no field `fields`: ask Jira's API with fields=*all"
    ] * 2


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
