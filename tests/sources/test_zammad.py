"""Tickets of Zammad: one document each, with its articles and its tags."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.tickets import read_zammad
from tests.support.ticket_rows import fields_of


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

    @pytest.mark.parametrize("body", ["article_body", "Article Body", "ticket_articles.body"])
    def test_names_of_a_database_are_known(self, tmp_path: Path, body: str) -> None:
        path = tmp_path / "tickets.csv"
        path.write_text(
            f"ticket_id,title,{body},article_internal\n1,x,SECRET,true\n1,x,public,false\n"
        )
        options = ReadOptions()
        (ticket,) = fields_of(read_zammad, path, options)
        assert (ticket["id"], ticket["text"]) == ("1", "public")
        assert "SECRET" not in str(ticket)
        assert options.left_out.counts == {"internal notes of tickets": 1}

    def test_no_other_column_of_an_internal_row_keeps_its_text(self, tmp_path: Path) -> None:
        path = tmp_path / "tickets.csv"
        rows = ("1,x,one,SECRET,1", "2,y,two,seen,0", "3,z,,SECRET,1")
        path.write_text("\n".join(["id,title,body,note_html,internal", *rows]))
        options = ReadOptions()
        first, second, third = fields_of(read_zammad, path, options)
        assert "note_html" not in first | third
        assert second["note_html"] == "seen"
        assert options.left_out.counts == {"internal notes of tickets": 2}

    def test_a_table_without_articles_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "tickets.csv"
        path.write_text("id,title,answer_of_staff,internal\n1,x,SECRET,true\n")
        with pytest.raises(UserError, match="none is one of articles, article, body"):
            fields_of(read_zammad, path)

    def test_all_columns_of_articles_are_read(self, tmp_path: Path) -> None:
        path = tmp_path / "tickets.csv"
        path.write_text("id,title,article,body,internal\n1,x,one,two,0\n")
        (ticket,) = fields_of(read_zammad, path)
        assert ticket["text"] == "one\ntwo"

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


@pytest.mark.parametrize("tags", [["VIP customer", "printer"], "VIP customer, printer"])
def test_tags_of_zammad_may_have_blanks(tmp_path: Path, tags: object) -> None:
    path = tmp_path / "tickets.json"
    path.write_text(json.dumps([{"id": 1, "title": "T", "tags": tags}]))
    (fields,) = fields_of(read_zammad, path)
    assert fields["subjects"] == ["VIP customer", "printer"]
