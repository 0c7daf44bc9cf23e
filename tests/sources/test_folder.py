import io
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import BadLine
from lmtx_search.sources import DocumentFile, read_documents
from lmtx_search.sources.folder import folder_digest, passed_over

NOBODY = 65534


def pdf(text: str) -> bytes:
    """Return a PDF file with one page and this text."""
    drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj{content}endobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n"
    return data + f"{end}{len(data)}\n%%EOF".encode()


def encrypted(text: str, password: str) -> bytes:
    writer, out = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(text)))), io.BytesIO()
    writer.encrypt(password, "owner", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


@contextmanager
def without_rights():
    """Read as a user who is not root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def write(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_texts_and_pdf_files_of_all_folders_are_documents(tmp_path):
    write(tmp_path, "b/report.pdf", pdf("Plays chess"))
    write(tmp_path, "a.txt", "\ufeffGrüße")
    write(tmp_path, "b/C.MD", "# Web")
    write(tmp_path, "wide.txt", "weit".encode("utf-16"))
    write(tmp_path, ".git/config.txt", "hidden")
    found = {document.id: document.text for document in read_documents(tmp_path)}
    assert found == {
        "a.txt": "Grüße",
        "b/C.MD": "# Web",
        "b/report.pdf": "Plays chess",
        "wide.txt": "weit",
    }
    assert DocumentFile(tmp_path).count() == 4


def test_pages_are_read_without_their_tags_and_mail_with_its_subject(tmp_path):
    head = "<head><title>T</title><script>x</script></head>"
    write(tmp_path, "page.html", f"{head}<p>Plays <b>chess</b></p>")
    write(tmp_path, "in/1.eml", "Subject: Printer\nFrom: ann@desk\nMessage-ID: <1@desk>\n\nBroken.")
    mail, page = read_documents(tmp_path)
    assert (mail.id, mail.text, mail.source["from"]) == ("in/1.eml", "Printer\nBroken.", "ann@desk")
    assert page.text == "T\nPlays chess"


def test_a_page_is_read_in_the_character_set_that_it_names(tmp_path):
    page = '<meta charset="windows-1251"><p>Привет</p>'
    write(tmp_path, "a.html", page.encode("cp1251"))
    (only,) = read_documents(tmp_path)
    assert only.text == "Привет"


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path):
    write(tmp_path, "1.txt", "fine")
    write(tmp_path, "2.txt", b"caf\xe9")
    write(tmp_path, "3.txt", " \n")
    write(tmp_path, "4.pdf", b"%PDF-1.4 and no more")
    write(tmp_path, "5.pdf", encrypted("secret", "password"))
    write(tmp_path, "6.pdf", pdf(""))
    write(tmp_path, "7.pdf", encrypted("open to all", ""))
    fine, *bad, last = read_documents(tmp_path)
    assert (fine.text, last.text) == ("fine", "open to all")
    assert all(isinstance(item, BadLine) for item in bad)
    told = [str(item).removeprefix(f"{tmp_path}/") for item in bad]
    assert told[:2] == ["2.txt: not UTF-8 (byte 4)", "3.txt: holds no text"]
    assert told[2].startswith("4.pdf: cannot be read as PDF")
    assert told[3:] == [
        "5.pdf: is encrypted: a password is needed",
        "6.pdf: is a PDF without text: scanned pages?",
    ]


def test_subjects_beside_a_text_are_its_gold_tags(tmp_path):
    write(tmp_path, "a.txt", "plays chess")
    write(tmp_path, "a.tsv", "<http://x/1>\tchess\n")
    write(tmp_path, "b.txt", "plays music")
    write(tmp_path, "b.key", "music\n\nsound\n")
    assert [document.source["subjects"] for document in read_documents(tmp_path)] == [
        ["http://x/1"],
        ["music", "sound"],
    ]


def test_only_files_of_annif_are_subjects_and_the_others_are_counted(tmp_path):
    for name in ("server", "talk", "plain", "table"):
        write(tmp_path, f"{name}.txt", name)
    write(tmp_path, "server.key", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANB\n")
    write(tmp_path, "plain.key", "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n")
    write(tmp_path, "talk.key", b"PK\x03\x04\x00\xff")
    write(tmp_path, "table.tsv", "year\tprice\n2020\t3\n")
    write(tmp_path, "alone.key", "music\n")
    assert [sorted(document.source) for document in read_documents(tmp_path)] == 4 * [
        ["id", "text"]
    ]
    assert passed_over(tmp_path) == {".key": 4, ".tsv": 1}


def test_links_to_folders_are_counted_and_links_to_nothing_are_told(tmp_path):
    write(tmp_path, "docs/a.txt", "x")
    write(tmp_path, "other/b.txt", "x")
    (tmp_path / "docs/linked").symlink_to(tmp_path / "other")
    (tmp_path / "docs/gone.txt").symlink_to(tmp_path / "nothing")
    source = DocumentFile(tmp_path / "docs")
    document, bad = source
    assert document.id == "a.txt"
    assert bad.reason == "cannot be read: a link to a file that does not exist"
    assert source.last_read.left_out.counts == {"links to folders": 1}


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (0o000, "the folder cannot be read: Permission denied"),
        (0o444, "cannot be read: Permission denied"),
    ],
)
def test_a_folder_that_may_not_be_read_is_told(mode, reason):
    # Root may read everything, and pytest's folders are only for their owner.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write(folder, "a.txt", "x")
        write(folder, "secret/b.txt", "x")
        os.chown(folder / "secret", NOBODY if os.geteuid() == 0 else -1, -1)
        (folder / "secret").chmod(mode)
        try:
            with without_rights():
                assert passed_over(folder) == {}
                found = list(read_documents(folder))
        finally:
            (folder / "secret").chmod(0o700)
    (bad,) = (item for item in found if isinstance(item, BadLine))
    assert bad.reason == reason
    assert len(found) == 2


def test_files_of_other_kinds_are_counted(tmp_path):
    for name in ("a.txt", "b.rar", "c.rar", "d.zip", "README"):
        write(tmp_path, name, "x")
    assert passed_over(tmp_path) == {".rar": 2, "no ending": 1, ".zip": 1}


def test_a_folder_without_texts_is_refused(tmp_path):
    write(tmp_path, "b.rar", "x")
    with pytest.raises(UserError, match="holds no text, Markdown, HTML, PDF, mail or office file"):
        list(read_documents(tmp_path))


def test_another_state_of_a_folder_has_another_digest(tmp_path):
    write(tmp_path, "deep/a.txt", "x")
    before = folder_digest(tmp_path)
    assert folder_digest(tmp_path) == before
    write(tmp_path, "deep/b.txt", "x")
    assert folder_digest(tmp_path) != before
    before = folder_digest(tmp_path)
    write(tmp_path, "deep/a.tsv", "<http://x/1>\n")
    assert folder_digest(tmp_path) != before


def test_without_pypdf_a_pdf_file_says_what_to_install(tmp_path, monkeypatch):
    write(tmp_path, "a.pdf", pdf("x"))
    monkeypatch.setattr("lmtx_search.sources.folder.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'lmtx-search\[pdf\]'"):
        list(read_documents(tmp_path))


def test_front_matter_is_no_text_and_drafts_are_left_out(tmp_path):
    write(tmp_path, "a.md", "---\ntitle: Chess\ntags: [games]\n---\nBody")
    write(tmp_path, "b.md", "---\ndraft: true\n---\nUnfinished")
    write(tmp_path, "c.md", "---\ntitle: [\n---\nBody")
    write(tmp_path, "d.txt", "---\nno: page\n---\n")
    some, every = DocumentFile(tmp_path), DocumentFile(tmp_path, everything=True)
    first, third, fourth = some
    assert (first.text, first.source["subjects"]) == ("Chess\nBody", ["games"])
    assert third.text == "---\ntitle: [\n---\nBody"
    assert fourth.text == "---\nno: page\n---"
    assert some.last_read.left_out.counts == {"drafts": 1}
    assert some.last_read.notes == [
        "Files with front matter that is neither YAML nor TOML, which stays in the text: 1 "
        f"(the first: {tmp_path}/c.md)"
    ]
    assert [document.text for document in every if document.id == "b.md"] == ["Unfinished"]


def test_names_that_are_no_utf_8_give_ids_that_can_be_stored(tmp_path):
    for name in (b"gr\xe4.txt", b"gr\xf6.txt"):
        write(tmp_path, os.fsdecode(name), b"text")
    write(tmp_path, os.fsdecode(b"gr\xfc.txt"), b"\xfc")
    source = DocumentFile(tmp_path)
    first, second, bad = source
    assert [first.id, second.id] == ["gr%E4.txt", "gr%F6.txt"]
    assert str(bad) == f"{tmp_path}/gr%FC.txt: not UTF-8 (byte 1)"
    (note,) = source.last_read.notes
    assert note.endswith("written as %XX in the id: 3 (the first: gr%E4.txt)")
