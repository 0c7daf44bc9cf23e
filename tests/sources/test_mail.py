from email.message import EmailMessage

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile, read_documents
from lmtx_search.sources.mail import read_mail


def message(text: str, html: str = "", **heads: str) -> bytes:
    mail = EmailMessage()
    for name, value in heads.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    mail.add_attachment(b"\0\1", maintype="image", subtype="png", filename="a.png")
    return mail.as_bytes()


def test_each_message_of_a_mailbox_is_a_document(tmp_path):
    box = tmp_path / "help.mbox"
    first = message(
        "It does not print.\n\nFrom here on: nothing.",
        Message_ID="<1@desk>",
        Subject="Drücker kaputt",
        From="Ann <ann@desk>",
        Date="Tue, 24 Nov 2026 10:00:00 +0100",
    ).replace(b"\nFrom here", b"\n>From here")
    box.write_bytes(
        b"From ann@desk Tue Nov 24 10:00:00 2026\n" + first + b"\n\n"
        b"From bob@desk Tue Nov 24 11:00:00 2026\n" + message("No subject.") + b"\n\n"
    )
    found = list(read_documents(box))
    assert all(isinstance(document, Document) for document in found)
    assert DocumentFile(box).count() == 2
    assert found[0].id == "1@desk"
    assert found[0].source["title"] == "Drücker kaputt"
    assert found[0].source["from"] == "Ann <ann@desk>"
    assert found[0].source["date"] == "2026-11-24T10:00:00+01:00"
    assert found[0].text.startswith("Drücker kaputt\nIt does not print.")
    assert found[1].source == {"text": "No subject."}
    assert len(found[1].id) == 32  # a hash: it names itself nothing


def test_html_is_read_where_there_is_no_plain_text():
    html = EmailMessage()
    html.set_content("<p>Only <i>this</i></p>", subtype="html")
    assert read_mail(html.as_bytes()) == ({"text": "Only this"}, "")
    assert read_mail(message("plain", "<p>rich</p>"))[0]["text"] == "plain"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("iso-8859-1", b"caf\xe9", "café"),
        ("no-such-set", "café".encode(), "café"),
        ("utf-8", b"caf\xe9", "caf\ufffd"),
    ],
)
def test_any_character_set_is_read_as_well_as_can_be(charset, body, text):
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    assert read_mail(head.encode() + body)[0]["text"] == text


def test_a_date_that_is_none_is_left_out():
    assert "date" not in read_mail(b"Date: yesterday\n\ntext")[0]


def test_what_is_no_mailbox_is_said(tmp_path):
    (tmp_path / "a.mbox").write_text("Dear all,")
    with pytest.raises(UserError, match="is no mailbox: each message of one begins with `From `"):
        list(read_documents(tmp_path / "a.mbox"))
    (tmp_path / "a.mbox.gz").write_bytes(b"")
    with pytest.raises(UserError, match="unpack it first"):
        list(read_documents(tmp_path / "a.mbox.gz"))


def test_a_message_that_cannot_be_read_is_named_and_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("lmtx_search.sources.mail.parsedate_to_datetime", _fails_on_broken)
    box = tmp_path / "a.mbox"
    box.write_bytes(b"From a b\nDate: broken\n\none\n\nFrom a b\nSubject: fine\n\ntwo\n")
    bad, fine = read_documents(box)
    assert isinstance(bad, BadLine)
    assert str(bad) == f"{box}: message 1: cannot be read as mail (KeyError: 'broken')"
    assert fine.source["title"] == "fine"


def _fails_on_broken(date: str) -> None:
    raise KeyError(date) if date == "broken" else ValueError
