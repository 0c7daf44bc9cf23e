"""Files with tabs: Annif's, or tables with a header."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources import DocumentFile, LabelFile


def write(folder: Path, text: str, name: str = "x.tsv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("id\ttitle\ttext\n1\tChess\tA game\n", {"id": "1", "title": "Chess", "text": "A game"}),
        (
            "title\turl\ttext\nChess\thttp://x/1\tA game\n",
            {"title": "Chess", "url": "http://x/1", "text": "A game"},
        ),
        ("plays chess\t<http://x/1>\n", {"text": "plays chess", "subjects": ["http://x/1"]}),
        (
            "text\tsubject_uris\nplays chess\t<http://x/1>\n",
            {"text": "plays chess", "subjects": ["http://x/1"]},
        ),
    ],
)
def test_documents_are_a_table_or_a_corpus_by_their_content(
    tmp_path: Path, text: str, fields: dict[str, object]
) -> None:
    (document,) = DocumentFile(write(tmp_path, text))
    assert document.source == fields


@pytest.mark.parametrize(
    "text",
    [
        "nothing\t\nchess\thttp://x/1\n",
        "Cats, dogs and mice\t\nChess and go\t\n",
        "chess\tyso:p1 info:lc/authorities/sh85\n",
        f"{'chess ' * 20_000}\t<http://x/1>\n",
    ],
)
def test_a_corpus_is_known_by_its_first_line(tmp_path: Path, text: str) -> None:
    file = DocumentFile(write(tmp_path, text))
    assert file.format == "annif"
    assert len(list(file)) == text.count("\n")


@pytest.mark.parametrize("header", ["Body\tdc:title", "_id\tdc:title"])
def test_a_table_of_documents_has_an_id_or_a_field_of_the_settings(
    tmp_path: Path, header: str
) -> None:
    path = write(tmp_path, f"{header}\n1\tx\n")
    assert DocumentFile(path, text_fields=["body"]).format == "csv"


@pytest.mark.parametrize("header", ["name\tplace", "id,title,text"])
def test_other_headers_of_documents_are_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(UserError, match="one of id, _id, title, text: name the format"):
        DocumentFile(write(tmp_path, f"{header}\n"))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("id\ttext\tdescription\n1\tchess\ta game\n", ("1", "chess", "a game")),
        ("<http://x/1>\tchess\t794.1\n", ("http://x/1", "chess", "")),
        ("http://x/1\tchess\n", ("http://x/1", "chess", "")),
        ("uri\tlabel_en\n<http://x/1>\tchess\n", ("http://x/1", "chess", "")),
        ("id1\tchess\n", ("id1", "chess", "")),
        ("yso:p1\tchess\t794.1\n", ("yso:p1", "chess", "")),
        ("<http://x/a b>\tchess\t794.1\n", ("http://x/a b", "chess", "")),
    ],
)
def test_labels_are_a_table_or_a_vocabulary_by_their_content(
    tmp_path: Path, text: str, label: tuple[str, str, str]
) -> None:
    (found,) = LabelFile(write(tmp_path, text))
    assert (found.id, found.text, found.description) == label


def test_what_is_neither_is_refused_with_both_formats(tmp_path: Path) -> None:
    documents, labels = write(tmp_path, "no tab\n"), write(tmp_path, "id\tname\n", "y.tsv")
    for source, path in ((DocumentFile, documents), (LabelFile, labels)):
        with pytest.raises(UserError, match=r"--format annif.*--format csv"):
            source(path)


def test_the_name_of_a_format_decides(tmp_path: Path) -> None:
    path = write(tmp_path, "id\ttext\n1\thttp://x/1\n")
    (document,) = DocumentFile(path, "csv")
    assert document.source == {"id": "1", "text": "http://x/1"}
    assert [label.text for label in LabelFile(path, "csv")] == ["http://x/1"]
