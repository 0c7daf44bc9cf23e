"""Mailboxes in the mbox form, split into their messages.

There are four forms, and files do not say which one they have. mboxo writes a line of a body that
begins with ``From `` as ``>From ``; mboxrd adds a ``>`` to ``>From `` too; mboxcl does the
same as mboxo and writes the length of the body into ``Content-Length``; mboxcl2 has only
the length. Other writers do not change such lines. See RFC 4155 and
https://www.loc.gov/preservation/digital/formats/fdd/fdd000383.shtml.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lmtx_search.errors import UserError
from lmtx_search.sources.lines import opened

_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = rb"\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?"
_ZONE = rb"(?:[+-]\d{2}:?\d{2}|[A-Z]{1,5}|\([A-Z]{1,5}\))"
_DATES = (
    # Mon Mar  2 09:00:00 2026, also with a zone before or after the year.
    rb"%s\s+%s\s+\d{1,2}\s+%s(?:\s+%s)*\s+\d{4}(?:\s+%s)*" % (_DAY, _MONTH, _TIME, _ZONE, _ZONE),
    # Mon, 2 Mar 2026 09:00:00 +0100
    rb"(?:%s\s+)?\d{1,2}\s+%s\s+\d{4}\s+%s(?:\s+%s)*" % (_DAY, _MONTH, _TIME, _ZONE),
    # 2026-03-02T09:00:00Z
    rb"\d{4}-\d\d-\d\d[T ]%s\s*%s?" % (_TIME, _ZONE),
)
# The sender may be missing, or have blanks in it: archives write "ann at desk.example".
_SEPARATOR = re.compile(rb"From (?:.*\s)?(?:%s)(?:\s+remote from \S+)?\s*\Z" % b"|".join(_DATES))
_HEAD = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BODY_BEGINS_WITH_FROM = re.compile(rb"^From ", re.MULTILINE)
_LENGTH = re.compile(rb"Content-Length:\s*(\d{1,9})\s*\Z", re.IGNORECASE)
# A wrong length may be any number, so that only this much is read to check it.
_LONGEST = 64_000_000


@dataclass(frozen=True, slots=True)
class BoxedMessage:
    """A message of a mailbox; ``line`` is the line of its separator, from 1."""

    line: int
    content: bytes


def split_mailbox(path: Path) -> Iterator[BoxedMessage]:
    """Yield the messages of a mailbox (also ``.gz``); one of them is in memory at a time.

    A separator is a line with ``From ``, a sender and a date, followed by the headers of a message.
    Other lines that begin with ``From `` are text. A ``Content-Length`` is used if a separator or
    the end of the file follows at that position. ``>From `` becomes ``From `` again.

    Raises:
        UserError: no such file, or it is not a mailbox.
        LmtxError: a damaged gzip file.
    """
    with opened(path) as stream:
        lines = _Lines(stream)
        while lines.peek().strip() == b"" and lines.peek():
            lines.take()
        if not lines.peek().startswith(b"From "):
            raise UserError(
                f"{path} is not a mailbox: each message of a mailbox begins with `From `"
            )
        lines.dated = bool(_SEPARATOR.match(lines.peek().rstrip()))
        while lines.peek():
            yield _message(lines)


class _Lines:
    """Lines of a stream, with lookahead and the option to put lines back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        first = stream.readline().removeprefix(codecs.BOM_UTF8)
        self._ahead = deque([first] if first else [])
        self.number = 0
        # Whether the separators have dates; in some unusual files they have none.
        self.dated = True

    def peek(self, ahead: int = 0) -> bytes:
        """Return a line ahead without consuming it (b"": the end)."""
        while len(self._ahead) <= ahead:
            if not (line := self._stream.readline()):
                return b""
            self._ahead.append(line)
        return self._ahead[ahead]

    def take(self) -> bytes:
        line = self.peek()
        self._ahead.popleft()
        self.number += 1
        return line

    def give_back(self, lines: list[bytes]) -> None:
        self._ahead.extendleft(reversed(lines))
        self.number -= len(lines)


def _message(lines: _Lines) -> BoxedMessage:
    lines.take()
    start, head, length = lines.number, [], 0
    while (line := lines.peek()) and line.strip() and not _separates(lines, b""):
        if found := _LENGTH.match(lines.take()):
            length = int(found[1])
        # Old mail systems wrote the route of a message here.
        if not line.startswith(b">From "):
            head.append(line)
    return BoxedMessage(start, b"".join([*head, *_body(lines, length)]))


def _body(lines: _Lines, length: int) -> list[bytes]:
    if not lines.peek() or lines.peek().strip():
        return []
    empty = lines.take()
    body = _counted_body(lines, length) if 0 < length <= _LONGEST else None
    if body is None:
        body, before = [], empty
        while lines.peek() and not _separates(lines, before):
            body.append(before := lines.take())
    text = b"".join(body)
    # If the mailbox does not mark such lines, a marked line comes from the author.
    if not _BODY_BEGINS_WITH_FROM.search(text):
        text = _QUOTED.sub(rb"\1", text)
    return [empty, text]


def _counted_body(lines: _Lines, length: int) -> list[bytes] | None:
    """Return the lines of a body of this length; None, without consuming any, if it is wrong."""
    body: list[bytes] = []
    while length > 0 and lines.peek():
        length -= len(lines.peek())
        body.append(lines.take())
    # The length may leave out the last line break.
    if length >= -2:
        blank = 0
        while (line := lines.peek(blank)) and not line.strip():
            blank += 1
        if length <= 0 and (not line or _SEPARATOR.match(line.rstrip())):
            body += [lines.take() for _ in range(blank)]
            return body
    lines.give_back(body)
    return None


def _separates(lines: _Lines, before: bytes) -> bool:
    """Return whether the next line separates two messages; ``before`` precedes it."""
    line = lines.peek()
    if not line.startswith(b"From "):
        return False
    following = lines.peek(1)
    if not lines.dated:
        return not before.strip() and bool(_HEAD.match(following))
    if not _SEPARATOR.match(line.rstrip()):
        return False
    return bool(_HEAD.match(following)) or not (before.strip() or following.strip())
