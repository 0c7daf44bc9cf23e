"""Standard input, in every format, packed and not."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.records import Document
from lmtx_search.sources import DocumentFile, LabelFile
from lmtx_search.sources.document_check import check_documents

TICKET = {"id": 1, "title": "Printer", "articles": [{"body": "It jams"}]}
BOOKMARKS = {"bookmarks": [{"title": "T", "content": {"type": "link", "url": "http://x/1"}}]}
MANIFEST = [{"model": "documents.document", "pk": 1, "fields": {"title": "T", "content": "x"}}]
FEED = (
    "<rss version='2.0'><channel><title>F</title><item><guid>1</guid><title>T</title>"
    "<description>x</description></item></channel></rss>"
)
RECORD = (
    "<collection xmlns='http://www.loc.gov/MARC21/slim'><record><leader>00000nam a2200000 a 4500"
    "</leader><controlfield tag='001'>1</controlfield><datafield tag='245' ind1=' ' ind2=' '>"
    "<subfield code='a'>T</subfield></datafield></record></collection>"
)
HARVEST = (
    "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><ListRecords><record><header>"
    "<identifier>1</identifier></header><metadata><dc xmlns='http://www.openarchives.org/OAI/2.0/"
    "oai_dc/' xmlns:d='http://purl.org/dc/elements/1.1/'><d:title>T</d:title></dc></metadata>"
    "</record></ListRecords></OAI-PMH>"
)
MAIL = "From: a@x\nMessage-ID: <1@x>\nSubject: T\n\nx\n"


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def sheet() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for row in (["id", "text"], ["1", "x"]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("format", "name", "content"),
    [
        (None, "d.jsonl", '{"id": "1", "text": "x"}\n'),
        ("csv", "d.csv", "id,text\n1,x\n"),
        ("sheet", "d.xlsx", ""),
        ("mbox", "d.mbox", f"From a@x Mon Jan  1 00:00:00 2024\n{MAIL}"),
        ("feed", "d.rss", FEED),
        ("annif", "d.tsv", "plays chess\t<http://x/1>\n"),
        ("annif", "d.csv", "document_id,text\n1,x\n"),
        ("annif", "d.jsonl", '{"document_id": "1", "text": "x", "subjects": []}\n'),
        ("xmc", "trn.json", '{"uid": "1", "title": "T", "content": "x"}\n'),
        ("xmc", "trn_raw_texts.txt", "T /SEP/ x\n"),
        ("marc", "d.marcxml", RECORD),
        ("ris", "d.ris", "TY  - BOOK\nTI  - T\nER  - \n"),
        ("bibtex", "d.bib", "@book{a, title = {T}}\n"),
        ("oai", "d.xml", HARVEST),
        ("zammad", "d.jsonl", json.dumps(TICKET)),
        ("zammad", "d.csv", "id,title,article\n1,T,x\n"),
        ("zendesk", "d.json", json.dumps({"tickets": [{"id": 1, "subject": "T"}]}, indent=1)),
        ("jira", "d.csv", "Issue key,Summary\nP-1,T\n"),
        ("karakeep", "d.json", json.dumps(BOOKMARKS)),
        ("paperless", "manifest.json", json.dumps(MANIFEST)),
        ("file", "d.html", "<!DOCTYPE html><p>x</p>"),
    ],
)
def test_documents_are_those_of_a_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str | None,
    name: str,
    content: str,
    packed: bool,
) -> None:
    data = content.encode() or sheet()
    (tmp_path / name).write_bytes(data)
    give(monkeypatch, gzip.compress(data) if packed else data)
    source = DocumentFile(Path("-"), format)
    check_documents(source)
    (document,) = source
    (expected,) = DocumentFile(tmp_path / name, format)
    assert isinstance(document, Document)
    assert isinstance(expected, Document)
    assert document.text == expected.text
    if format != "file":  # its id is the name of the file
        assert document == expected
    assert document.text.strip()


def test_mail_keeps_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, MAIL.encode())
    assert [one.id for one in DocumentFile(Path("-"), "file")] == ["1@x"]


def test_labels_are_read_as_often_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b'{"id": "1", "text": "chess"}\n')
    labels = LabelFile(Path("-"))
    assert [label.text for _ in range(2) for label in labels] == ["chess", "chess"]


def test_a_thesaurus_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "<http://x/1> a <http://www.w3.org/2004/02/skos/core#Concept>; "
    text += '<http://www.w3.org/2004/02/skos/core#prefLabel> "chess"@en .'
    give(monkeypatch, gzip.compress(text.encode()))
    assert [label.text for label in LabelFile(Path("-"), "skos")] == ["chess"]


def test_a_folder_is_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"")
    with pytest.raises(UserError, match="standard input is not a folder"):
        DocumentFile(Path("-"), "folder")


def test_damaged_gzip_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for format in (None, "csv"):
        give(monkeypatch, gzip.compress(b"id,text\n1,x\n" * 100)[:-9])
        with pytest.raises(LmtxError, match="- is damaged"):
            list(DocumentFile(Path("-"), format))


def test_strict_checks_a_copy_but_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"id,text\n1,x\n2\n")
    with pytest.raises(UserError, match="-, line 3: 1 values, but the header has 2"):
        check_documents(DocumentFile(Path("-"), "csv"), strict=True)
    with pytest.raises(UserError, match="JSONL on standard input"):
        check_documents(DocumentFile(Path("-")), strict=True)


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is plain text\n",
        "Note: plain\n\nSubject: x\n",
        "From the beginning it rained\nDate: May\n",
    ],
)
def test_a_text_that_begins_with_a_word_and_a_colon_is_no_mail(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    give(monkeypatch, text.encode())
    (document,) = DocumentFile(Path("-"), "file")
    assert isinstance(document, Document)
    assert document.text == text.strip()


@pytest.mark.parametrize("format", [None, "csv"])
def test_closed_standard_input_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format: str | None
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(UserError, match="standard input is closed"):
        list(DocumentFile(Path("-"), format))
    assert not list(tmp_path.iterdir())


def test_an_archive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("d.jsonl", "{}")
    give(monkeypatch, data.getvalue())
    with pytest.raises(UserError, match=r"- is a ZIP archive .*unpack it first"):
        list(DocumentFile(Path("-")))


ENDED = """
import os, signal, sys
from pathlib import Path
from lmtx_search.sources import DocumentFile
# What started the tests may ignore it, as nohup does.
signal.signal(getattr(signal, sys.argv[1]), signal.SIG_DFL)
next(iter(DocumentFile(Path("-"), "csv")))
print(len(os.listdir(os.environ["TMPDIR"])), flush=True)
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
signal.pause()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_removes_the_copy(tmp_path: Path, name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDED, name],
        input="id,text\n1,x\n",
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stdout == "1\n"
    assert "KeyboardInterrupt" in ended.stderr
    assert not list(tmp_path.iterdir())
