"""Mail as documents: the messages of a mailbox, or one message."""

from __future__ import annotations

import codecs
import email
import re
from collections.abc import Iterator
from datetime import timezone
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from lmtx_search.records import BadLine
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.mail_text import decoded_head, mail_text
from lmtx_search.sources.mailbox import split_mailbox
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
# Marks of messages that are deleted and wait for the mailbox to be compacted: those of Thunderbird
# (flags in hexadecimal digits) and of Dovecot, Alpine and Mutt.
_FLAGS = re.compile(rb"^X-Mozilla-Status:[ \t]*([0-9a-f]+)", re.IGNORECASE | re.MULTILINE)
_EXPUNGED = 0x8
# Other programs write words there, such as `Read`.
_STATUS = re.compile(rb"^(?i:X-Status):[ \t]*[A-Z]*D[A-Z]*[ \t]*\r?$", re.MULTILINE)


def read_mailbox(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield a row for each message of a mailbox: see :func:`read_mail`.

    Deleted messages that the mailbox still holds are left out, unless ``options.everything`` is
    set.

    Raises:
        UserError: no such file, or it is not a mailbox.
    """
    for number, message in enumerate(split_mailbox(path), start=1):
        if not options.everything and _is_deleted(message.content):
            options.left_out.add("deleted messages", f"message {number}, line {message.line}")
            continue
        fields, problem = read_mail(message.content, options.left_out)
        if problem:
            yield BadLine(str(path), message.line, f"message {number}: {problem}")
        else:
            yield Row(message.line, fields)


def count_messages(path: Path) -> int:
    """Return how many messages a mailbox has."""
    return sum(1 for _ in split_mailbox(path))


def read_mail(message: bytes, left_out: LeftOut | None = None) -> tuple[dict[str, str], str]:
    """Return a message's fields, or its problem.

    The fields are ``id`` (the Message-ID), ``title`` (the subject), ``text``
    (:func:`~lmtx_search.sources.mail_text.mail_text`), ``from`` and ``date`` (ISO 8601); a message
    may lack any of them.
    """
    try:
        return _fields(message, LeftOut() if left_out is None else left_out), ""
    except Exception as error:
        # The parser raises many kinds of errors for malformed headers.
        return {}, f"cannot be read as mail ({type(error).__name__}: {str(error)[:100]})"


def _is_deleted(message: bytes) -> bool:
    head = _END_OF_HEAD.split(message, maxsplit=1)[0]
    flags = _FLAGS.search(head)
    return bool(flags and int(flags[1], 16) & _EXPUNGED) or bool(_STATUS.search(head))


def _fields(message: bytes, left_out: LeftOut) -> dict[str, str]:
    parsed = email.message_from_bytes(message.removeprefix(codecs.BOM_UTF8), policy=default)
    assert isinstance(parsed, EmailMessage)
    fields = {
        "id": str(parsed.get("message-id", "")).strip().strip("<>"),
        "title": decoded_head(parsed, "subject"),
        "text": mail_text(parsed, left_out),
        "from": decoded_head(parsed, "from"),
        "date": _date(parsed),
    }
    return {name: value for name, value in fields.items() if value}


def _date(message: EmailMessage) -> str:
    try:
        date = parsedate_to_datetime(str(message.get("date", "")))
    except (ValueError, TypeError, IndexError):
        return ""
    return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).isoformat()
