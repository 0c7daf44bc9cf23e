"""The text of a mail message as a reader sees it: all displayed parts, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import EmailMessage

from lmtx_search.sources.charsets import decoded
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.mail_armour import readable
from lmtx_search.sources.mail_parts import (
    ATTACHMENTS,
    children,
    is_message,
    pictures_of_text,
    why_unread,
)

# Kinds of text that mail programs do not show as text.
_NOT_SHOWN = (
    "calendar", "vcard", "x-vcard", "directory", "css", "javascript", "xml", "rtf",
    "rfc822-headers", "x-amp-html", "watch-html", "x-moz-deleted",
)  # fmt: skip
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_WORD = re.compile(r"\w+")
# A plain text that only refers to another form, which most languages call HTML.
_STUB = re.compile(
    r"html|browser|mail[ -]?(?:client|program|reader|viewer)|does not (?:show|display|support)"
    r"|view (?:this|the) (?:message|e-?mail|mail|newsletter)",
    re.IGNORECASE,
)
# Mail programs show nested forwarded messages; a hostile mail may nest thousands.
_DEEPEST = 50


def mail_text(message: EmailMessage, left_out: LeftOut) -> str:
    """Return the text of all displayed parts of a message, in their order.

    Of alternative forms, the plain text is read, or the HTML if the plain text is blank or only
    refers to the HTML. A forwarded message is read with its subject. Attachments and encrypted
    messages are not read, nor are those that are written into a text; ``left_out`` counts them.
    """
    return "\n\n".join(_Reader(pictures_of_text(message)).texts(message, left_out, 0))


class _Reader:
    def __init__(self, pictures: frozenset[str]) -> None:
        self._pictures = pictures

    def texts(self, part: EmailMessage, left_out: LeftOut, depth: int) -> Iterator[str]:
        kind = part.get_content_type()
        if kind in _ENCRYPTED and "signed" not in str(part.get_param("smime-type", "")):
            left_out.add("encrypted messages (only their headers are read)")
        elif depth > _DEEPEST:
            left_out.add("messages nested in more than fifty others")
        elif kind == "multipart/alternative":
            yield from filter(None, [self._best(children(part), left_out, depth)])
        elif part.is_multipart():
            try:
                inside = children(part)
            except ValueError:
                left_out.add("forwarded messages that cannot be decoded")
                return
            for child in inside:
                if is_message(part):
                    yield from filter(None, [decoded_head(child, "subject")])
                yield from self.texts(child, left_out, depth + 1)
        elif _is_shown(part):
            yield from filter(None, [_part_text(part, left_out).strip()])
        elif reason := why_unread(part, self._pictures):
            left_out.add(reason, part.get_filename() or kind)

    def _best(self, alternatives: list[EmailMessage], left_out: LeftOut, depth: int) -> str:
        """Return the text of the alternative that a reader should see."""
        plain = rich = none = ("", LeftOut())
        unread: list[LeftOut] = []
        with_attachments: list[LeftOut] = []
        for part in alternatives:
            found = LeftOut()
            text = "\n\n".join(self.texts(part, found, depth + 1))
            if part.is_multipart():
                with_attachments.append(found)
            if not text:
                unread.append(found)
            elif part.is_multipart() or part.get_content_subtype() == "html":
                rich = (text, found)
            elif plain is none:
                plain = (text, found)
        taken = plain
        if plain is none or (rich is not none and _is_stub(plain[0], rich[0])):
            taken = rich
        if taken is none and unread:
            # An encrypted message counts once, whatever its forms.
            taken = ("", max(unread, key=lambda one: one.total))
            with_attachments = unread
        # The other forms are not counted as left out, because the chosen one has their content. But
        # some programs put attachments into one of the forms.
        left_out.update(taken[1])
        for found in with_attachments:
            if found is not taken[1]:
                left_out.update(found, only=ATTACHMENTS)
        return taken[0]


def _is_shown(part: EmailMessage) -> bool:
    return (
        # A multipart message without parts is shown as plain text.
        part.get_content_maintype() in ("text", "multipart")
        and part.get_content_subtype() not in _NOT_SHOWN
        and part.get_content_disposition() != "attachment"
    )


def _is_stub(plain: str, rich: str) -> bool:
    """Return whether the plain form lacks the content of the rich form."""
    words, others = _WORD.findall(plain.lower()), _WORD.findall(rich.lower())
    common = len({*words} & {*others})
    if 2 * common >= len({*others}):
        return False
    return bool(_STUB.search(plain)) or 3 * len(words) < len(others)


def _part_text(part: EmailMessage, left_out: LeftOut) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    subtype = part.get_content_subtype()
    charset = part.get_param("charset", "")
    charset = charset if isinstance(charset, str) else str(charset[-1])
    text = decoded(data, charset, html=subtype == "html")
    if subtype == "html":
        return readable(html_text(text), left_out)
    text = readable(text.replace("\r\n", "\n"), left_out)
    if subtype in ("enriched", "richtext"):
        return _enriched_text(text)
    if str(part.get_param("format", "")).lower() == "flowed":
        return _flowed_text(text, str(part.get_param("delsp", "")).lower() == "yes")
    return text


def _flowed_text(text: str, delete_space: bool) -> str:
    """Join the lines that were broken for transport (RFC 3676)."""
    paragraphs: list[list[str]] = []
    open_depth = -1  # of the paragraph that the next line continues
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip(">"))
        rest = line[depth:].removeprefix(" ")
        flows = rest.endswith(" ") and rest != "-- "
        if rest == "-- " or depth != open_depth:
            paragraphs.append([">" * depth + (" " if depth and rest else "")])
        paragraphs[-1].append(rest[:-1] if flows and delete_space else rest)
        open_depth = depth if flows else -1
    return "\n".join(map("".join, paragraphs))


def _enriched_text(text: str) -> str:
    """Return the text of text/enriched (RFC 1896) and its forerunner text/richtext."""
    text = text.replace("\r\n", "\n")
    text = re.sub(r"<param>[^<]*</param>", "", text, flags=re.IGNORECASE)
    # A single line break does not count; of several, the first does not.
    text = re.sub(r"\n(\n*)", lambda found: found[1] or " ", text)
    text = re.sub(r"<(?:nl|paragraph|/paragraph)>", "\n", text, flags=re.IGNORECASE)
    return re.sub(r"<<|<lt>|</?[A-Za-z-]+>", _enriched_mark, text)


def _enriched_mark(found: re.Match[str]) -> str:
    return "<" if found[0] in ("<<", "<lt>") else ""


def decoded_head(message: EmailMessage, name: str) -> str:
    """Return a header of a message as text ("" if it is missing).

    Wrong character sets and invalid bytes are decoded in the same way as in bodies.
    """
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    text = re.sub(r"[\r\n]+", "", raw)
    if not text.isascii():
        text = decoded(text.encode("utf-8", "surrogateescape"))
    if "=?" not in text:
        return text.strip()
    try:
        words = decode_header(text)
    except HeaderParseError:
        return text.strip()
    return "".join(map(_decoded_word, words)).strip()


def _decoded_word(word: tuple[str | bytes, str | None]) -> str:
    content, charset = word
    if isinstance(content, str):
        return content
    # Text that is not encoded is ASCII here. decode_header does not escape its backslashes.
    return decoded(content, charset or "ascii")
