import base64
import binascii
from email.message import EmailMessage

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile, read_documents
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.mail import read_mail
from lmtx_search.sources.read_options import ReadOptions


def message(text: str, html: str = "", **heads: str) -> bytes:
    mail = EmailMessage()
    for name, value in heads.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    mail.add_attachment(b"\0\1", maintype="image", subtype="png", filename="a.png")
    return mail.as_bytes()


def parts(kind: str, *contents: str) -> bytes:
    """Return a multipart message; each content has its heads, an empty line and a body."""
    body = "".join(f"--b\n{content}\n" for content in contents)
    return f'MIME-Version: 1.0\nContent-Type: {kind}; boundary="b"\n\n{body}--b--\n'.encode()


def part(kind: str, text: str, *heads: str) -> str:
    return "\n".join([f"Content-Type: {kind}", *heads, "", text])


def text_of(mail: bytes) -> str:
    fields, problem = read_mail(mail)
    assert not problem
    return fields.get("text", "")


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
    assert found[0].source["text"] == "It does not print.\n\nFrom here on: nothing."
    assert found[1].source == {"text": "No subject."}
    assert len(found[1].id) == 32  # a hash: the message has no id


def test_html_is_read_where_there_is_no_plain_text():
    html = EmailMessage()
    html.set_content("<p>Only <i>this</i></p>", subtype="html")
    assert read_mail(html.as_bytes()) == ({"text": "Only this"}, "")
    assert text_of(message("plain", "<p>rich</p>")) == "plain"


@pytest.mark.parametrize(
    "plain",
    [
        " \n",
        "This message is in HTML. Your program does not show it.",
        "Diese Nachricht liegt nur in HTML vor.",
        "View this email: https://news.example/1",
    ],
)
def test_html_is_read_where_the_plain_text_does_not_hold_what_it_says(plain):
    html = part("text/html", "<p>The printer jams with <b>every</b> long envelope of ours.</p>")
    mail = parts("multipart/alternative", part("text/plain", plain), html)
    assert text_of(mail) == "The printer jams with every long envelope of ours."


def test_a_plain_text_about_html_that_says_what_the_html_says_stays():
    plain, html = part("text/plain", "HTML is fine."), part("text/html", "<b>HTML</b> is fine.")
    assert text_of(parts("multipart/alternative", plain, html)) == "HTML is fine."


def test_html_with_a_picture_inside_an_alternative_is_one_form():
    related = parts(
        "multipart/related",
        part("text/html", "<p>The bridge is closed.</p><img src='cid:1'>"),
        part("image/png", "AAAA", "Content-ID: <1>", "Content-Transfer-Encoding: base64"),
    ).decode()
    mail = parts("multipart/alternative", part("text/plain", ""), related.replace("--b", "--c"))
    mail = mail.replace(b'related; boundary="b"', b'related; boundary="c"')
    assert text_of(mail) == "The bridge is closed."


def test_all_displayed_parts_are_read_in_their_order():
    mail = parts(
        "multipart/mixed",
        part("text/plain", "Before the picture."),
        part("image/png", "AAAA", "Content-Disposition: inline; filename=a.png"),
        part("text/html", "<p>Behind it.</p>"),
        part("text/plain", "The log.", 'Content-Disposition: inline; filename="log.txt"'),
        part("text/markdown", "# A list"),
        part("text/x-patch", "+ a line"),
        part("text/plain", "Secret.", 'Content-Disposition: attachment; filename="b.txt"'),
        part("text/calendar", "BEGIN:VCALENDAR"),
        part("text/plain", "____\nThe list's footer"),
    )
    assert text_of(mail).split("\n\n") == [
        "Before the picture.",
        "Behind it.",
        "The log.",
        "# A list",
        "+ a line",
        "____\nThe list's footer",
    ]


def test_what_is_not_shown_is_counted():
    left_out = LeftOut()
    mail = parts(
        "multipart/mixed",
        part("text/plain", "See the report."),
        part("application/pdf", "AAAA", 'Content-Disposition: attachment; filename="r.pdf"'),
        part("application/pgp-signature", "AAAA", 'Content-Disposition: inline; filename="s.asc"'),
    )
    read_mail(mail, left_out)
    read_mail(b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR", left_out)
    read_mail(parts("multipart/encrypted", part("application/octet-stream", "x")), left_out)
    assert left_out.lines() == [
        "Left out: 1 attachments of mail (the first: r.pdf)",
        "Left out: 1 parts of mail that are not shown as text (the first: text/calendar)",
        "Left out: 1 encrypted messages (only their headers are read)",
    ]


ARMOUR = "-----BEGIN PGP {0}-----\n\nowEBWwKk\n=6xT4\n-----END PGP {0}-----"


def test_what_is_encrypted_inside_a_text_is_counted_and_the_rest_is_read():
    left_out = LeftOut()
    key, quoted = ARMOUR.format("PUBLIC KEY BLOCK"), ARMOUR.format("MESSAGE").replace("\n", "\n> ")
    lines = ["Hello", ARMOUR.format("MESSAGE"), "Ann wrote:", f"> {quoted}", "list footer", key]
    mail = part("text/plain; format=flowed", "\n".join(lines)).encode()
    assert read_mail(mail, left_out)[0]["text"] == "Hello\nAnn wrote:\nlist footer"
    assert left_out.counts == {"encrypted texts in mail": 2}


def test_of_a_signed_text_the_text_is_read():
    left_out = LeftOut()
    signed = (
        "Hi.\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nTo do: chess\n- - clocks\n"
        + ARMOUR.format("SIGNATURE")
    )
    for kind, text in (("plain", signed), ("html", f"<pre>{signed}</pre>")):
        mail = part(f"text/{kind}", text).encode()
        (line, *_, last) = read_mail(mail, left_out)[0]["text"].split("\n")
        assert (line, last) == ("Hi.", "- clocks")
    assert not left_out


def test_a_file_in_uuencode_is_an_attachment():
    left_out = LeftOut()
    file = "begin 644 cat.txt\n" + binascii.b2a_uu(b"a cat and a dog").decode() + "`\nend"
    mail = f"Subject: x\n\nSee the file.\n{file}\nBye".replace("\n", "\r\n").encode()
    assert read_mail(mail, left_out)[0]["text"] == "See the file.\nBye"
    assert left_out.lines() == ["Left out: 1 attachments of mail (the first: cat.txt)"]


@pytest.mark.parametrize(
    "text",
    [
        "begin 100 days of chess\nMONDAY\nend",
        "-----BEGIN PGP MESSAGE-----\nis how such a text begins.",
        "-----BEGIN PGP SIGNED MESSAGE-----\nis how such a text begins.",
    ],
)
def test_what_only_begins_like_armour_or_a_file_is_text(text):
    assert text_of(part("text/plain", text).encode()) == text


def test_a_forwarded_message_is_read_with_its_subject():
    inner = "Subject: =?utf-8?q?Dr=C3=BCcker?=\nContent-Type: text/plain\n\nIt does not print."
    mail = parts("multipart/mixed", part("text/plain", "See below."), part("message/rfc822", inner))
    assert text_of(mail) == "See below.\n\nDrücker\n\nIt does not print."


def test_a_forwarded_message_in_base64_is_decoded_or_counted():
    inner = base64.encodebytes("Subject: Inner\n\nIt does not print: ü.".encode()).decode()
    head = "Content-Transfer-Encoding: base64"
    mail = parts("multipart/mixed", part("message/rfc822", inner, head))
    assert text_of(mail) == "Inner\n\nIt does not print: ü."
    left_out = LeftOut()
    read_mail(parts("multipart/mixed", part("message/rfc822", "AAAAA", head)), left_out)
    assert left_out.counts == {"forwarded messages that cannot be decoded": 1}


@pytest.mark.parametrize(
    "inner",
    [
        'Subject: Inner\nContent-Type: text/plain; charset=3D"utf-8"\n\n'
        "It costs =C3=BC =3D 5, no=\nw.",
        "Subject: Inn=\ner\nContent-Type: text/plain; charset=3Dutf-8\n\n"
        "It costs =C3=BC =3D 5, now.",
        'Subject: Inner\nContent-Type: text/plain; charset="utf-8"\n\nIt costs ü = 5, now.',
        'Subject: Inner\nContent-Type: text/plain; charset="utf-8"\n'
        "Content-Transfer-Encoding: quoted-printable\n\nIt costs =C3=BC =3D 5, now.",
    ],
    ids=["encoded", "broken subject", "not encoded", "its own encoding"],
)
def test_a_forwarded_message_in_quoted_printable_is_decoded(inner):
    head = "Content-Transfer-Encoding: quoted-printable"
    mail = parts("multipart/mixed", part("message/rfc822", inner, head))
    assert text_of(mail) == "Inner\n\nIt costs ü = 5, now."


def test_attachments_inside_a_form_that_is_not_read_are_counted():
    pdf = part("application/pdf", "AAAA", 'Content-Disposition: attachment; filename="r.pdf"')
    rich = parts("multipart/mixed", part("text/html", "<p>See the report.</p>"), pdf).decode()
    rich = rich.replace("--b", "--c").replace('mixed; boundary="b"', 'mixed; boundary="c"')
    left_out = LeftOut()
    read_mail(parts("multipart/alternative", part("text/plain", "See the report."), rich), left_out)
    assert left_out.lines() == ["Left out: 1 attachments of mail (the first: r.pdf)"]


def test_a_message_that_is_encrypted_in_both_forms_counts_once():
    left_out = LeftOut()
    armour = ARMOUR.format("MESSAGE")
    forms = part("text/plain", armour), part("text/html", f"<pre>{armour}</pre>")
    assert read_mail(parts("multipart/alternative", *forms), left_out) == ({}, "")
    assert left_out.counts == {"encrypted texts in mail": 1}


def test_every_part_that_is_not_read_is_counted_but_pictures_of_the_text_are_not():
    left_out = LeftOut()
    mail = parts(
        "multipart/mixed",
        part("text/html", '<p>See the scan.</p><img src="cid:logo%40desk">'),
        part("image/png", "AAAA", "Content-ID: <logo@desk>"),
        part("image/png", "AAAA", "Content-ID: <photo@desk>"),
        part("application/pdf", "AAAA", "Content-Disposition: inline"),
        part("image/jpeg", "AAAA"),
        part("application/ms-tnef", "AAAA"),
    )
    read_mail(mail, left_out)
    assert left_out.counts == {"attachments of mail": 4}


def test_flowed_lines_are_joined():
    flowed = "A long \nline.\n> quoted \n> text\n From here\n-- \nAnn"
    head = b"Content-Type: text/plain; format=flowed\n\n"
    joined = "A long line.\n> quoted text\nFrom here\n-- \nAnn"
    assert text_of(head + flowed.encode()) == joined
    head = b"Content-Type: text/plain; format=flowed; delsp=yes\n\n"
    assert text_of(head + b"Donaudampf \nschiff.\nEnd") == "Donaudampfschiff.\nEnd"


def test_enriched_text_is_read_without_its_marks():
    enriched = "<bold>Print</bold>\ning <<now>\n\n<color><param>red</param>Red</color>"
    assert text_of(f"Content-Type: text/enriched\n\n{enriched}".encode()) == "Print ing <now>\nRed"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("iso-8859-1", b"caf\xe9", "café"),
        ("iso-8859-1", b"\x80 100", "€ 100"),
        ("iso-8859-1", "café".encode(), "café"),
        ("no-such-set", "café".encode(), "café"),
        ("utf-8", b"caf\xe9", "café"),
        ("utf-8", "café ".encode() + b"caf\xe9", "café café"),
        ("us-ascii", "café".encode(), "café"),
        ("us-ascii", b"caf\xe9", "café"),
        ("gb2312", "镕基".encode("gbk"), "镕基"),
        ("big5", "圍碁".encode("big5hkscs"), "圍碁"),
        ("tis-620", "“ก”".encode("cp874"), "“ก”"),
        ("base64", "café".encode(), "café"),
        ("", b"caf\xe9", "café"),
    ],
)
def test_any_character_set_is_read_as_well_as_can_be(charset, body, text):
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    assert text_of(head.encode() + body) == text


def test_a_multipart_message_without_parts_is_read_as_it_is():
    assert text_of(b"Content-Type: multipart/mixed; boundary=x\n\nIt jams.") == "It jams."


def test_a_transfer_encoding_that_there_is_not_leaves_the_bytes_as_they_are():
    head = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: UTF-8\n\n"
    assert text_of(f"{head}Möchten Sie?".encode()) == "Möchten Sie?"


def test_the_html_says_its_character_set_where_the_head_does_not():
    page = '<html><head><meta charset="windows-1251"></head><body>Привет</body></html>'
    body = base64.b64encode(page.encode("cp1251"))
    head = b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
    assert text_of(head + body) == "Привет"


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Möchten".encode(), "Möchten"),
        (b"M\xf6chten", "Möchten"),
        (b"=?us-ascii?Q?M=F6chten?=", "Möchten"),
        (b"=?utf-8?B?w4Q=?= =?utf-8?Q?M=C3?=\n =?utf-8?Q?=B6chten?=", "ÄMöchten"),
        (b"folded\n line", "folded line"),
        (b"=?utf-8?Q?f=C3=BCr?= C:\\users\\u0041bc", "für C:\\users\\u0041bc"),
    ],
)
def test_a_subject_is_read_as_well_as_can_be(subject, title):
    assert read_mail(b"Subject: " + subject + b"\n\ntext")[0]["title"] == title


def test_a_date_that_is_none_is_left_out():
    assert "date" not in read_mail(b"Date: yesterday\n\ntext")[0]


def test_what_is_no_mailbox_is_said(tmp_path):
    (tmp_path / "a.mbox").write_text("Dear all,")
    with pytest.raises(
        UserError, match="is not a mailbox: each message of a mailbox begins with `From `"
    ):
        list(read_documents(tmp_path / "a.mbox"))


def test_a_message_that_cannot_be_read_is_named_and_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("lmtx_search.sources.mail.parsedate_to_datetime", _fails_on_broken)
    box = tmp_path / "a.mbox"
    box.write_bytes(b"From a b\nDate: broken\n\none\n\nFrom a b\nSubject: fine\n\ntwo\n")
    bad, fine = read_documents(box)
    assert isinstance(bad, BadLine)
    assert str(bad) == f"{box}, line 1: message 1: cannot be read as mail (KeyError: 'broken')"
    assert fine.source["title"] == "fine"


def test_attachments_of_a_mailbox_are_counted(tmp_path):
    box, options = tmp_path / "a.mbox", ReadOptions()
    box.write_bytes(b"From - Mon Mar  2 09:00:00 2026\n" + message("See the picture.") + b"\n")
    assert len(list(read_documents(box, options=options))) == 1
    assert options.left_out.counts == {"attachments of mail": 1}


def _fails_on_broken(date: str) -> None:
    raise KeyError(date) if date == "broken" else ValueError


def test_deleted_messages_that_wait_to_be_removed_are_left_out_and_counted(tmp_path):
    marks = ("X-Mozilla-Status: 0009", "X-Mozilla-Status: 0011", "X-Status: AD", "X-Status: A")
    marks += ("X-Status: Read", "x-status: D ")
    box = tmp_path / "Inbox.mbox"
    box.write_text(
        "".join(
            f"From - Mon Mar  2 09:00:00 2026\n{mark}\nSubject: {number}\n\nX-Status: D\n\n"
            for number, mark in enumerate(marks)
        )
    )
    some, every = DocumentFile(box), DocumentFile(box, everything=True)
    assert [document.source["title"] for document in some] == ["1", "3", "4"]
    assert some.last_read.left_out.counts == {"deleted messages": 3}
    assert len(list(every)) == 6


def test_a_byte_order_mark_is_no_part_of_a_message(tmp_path):
    fields, _ = read_mail(b"\xef\xbb\xbfSubject: Chess\r\n\r\nBody")
    assert fields == {"title": "Chess", "text": "Body"}
    box = tmp_path / "Inbox.mbox"
    box.write_bytes(b"\xef\xbb\xbfFrom - Mon Mar  2 09:00:00 2026\nSubject: Chess\n\nBody\n")
    (document,) = read_documents(box)
    assert document.text == "Chess\nBody"
