"""Mail: a mailbox in the mbox form, or a message of its own."""

from __future__ import annotations

import email
import mailbox
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timezone
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.rows import Row, opened


def read_mailbox(path: Path) -> Iterator[Row | BadLine]:
    """Yield a row for each message of an mbox file: see :func:`read_mail`.

    Raises:
        UserError: no such file, or it is no mailbox.
    """
    with _mailbox(path) as box:
        for number, key in enumerate(box.iterkeys(), start=1):
            fields, problem = read_mail(box.get_bytes(key))
            if problem:
                yield BadLine(str(path), 0, f"message {number}: {problem}")
            else:
                yield Row(0, fields)


def count_messages(path: Path) -> int:
    """Return how many messages a mailbox has."""
    with _mailbox(path) as box:
        return len(box)


def read_mail(message: bytes) -> tuple[dict[str, str], str]:
    """Return a message's fields, or what is wrong with it.

    ``id`` (its Message-ID), ``title`` (subject), ``text``, ``from`` and ``date`` (ISO); what is not
    there is left out. Of a text in two forms the plain one is read; attachments are not.
    """
    try:
        return _fields(message), ""
    except Exception as error:
        # Whatever odd heads make of their reader: faults of its own, not only ValueErrors.
        return {}, f"cannot be read as mail ({type(error).__name__}: {str(error)[:100]})"


def _fields(message: bytes) -> dict[str, str]:
    parsed = email.message_from_bytes(message, policy=default)
    assert isinstance(parsed, EmailMessage)
    fields = {
        "id": str(parsed.get("message-id", "")).strip().strip("<>"),
        "title": str(parsed.get("subject", "")).strip(),
        "text": _body(parsed),
        "from": str(parsed.get("from", "")).strip(),
        "date": _date(parsed),
    }
    return {name: value for name, value in fields.items() if value}


@contextmanager
def _mailbox(path: Path) -> Iterator[mailbox.mbox]:
    if path.suffix.lower() == ".gz":
        raise UserError(f"{path}: unpack it first (gunzip), a mailbox is read from its places")
    with opened(path) as stream:
        if stream.read(5) != b"From ":
            raise UserError(f"{path} is no mailbox: each message of one begins with `From `")
    box = mailbox.mbox(path, create=False)
    try:
        yield box
    finally:
        box.close()


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        text = part.get_content()
    except (LookupError, UnicodeError):  # a character set that there is not
        text = part.get_payload(decode=True)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    text = str(text)
    return html_text(text) if part.get_content_subtype() == "html" else text.strip()


def _date(message: EmailMessage) -> str:
    try:
        date = parsedate_to_datetime(str(message.get("date", "")))
    except (ValueError, TypeError, IndexError):
        return ""
    return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).isoformat()
