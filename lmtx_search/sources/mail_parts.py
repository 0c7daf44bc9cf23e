"""The parts of a mail message: those inside another, and what a part is that is not read."""

from __future__ import annotations

import binascii
import email
import re
from email.errors import MissingHeaderBodySeparatorDefect
from email.message import EmailMessage
from email.policy import compat32, default
from typing import cast
from urllib.parse import unquote

_SIGNATURES = ("pgp-signature", "pkcs7-signature", "x-pkcs7-signature", "pgp-keys")
ATTACHMENTS = "attachments of mail"
"""As what attachments are counted."""
_MESSAGES = ("message/rfc822", "message/global")
# A sign that text in quoted-printable does not have.
_NOT_QUOTED = re.compile(r"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|\Z)")
# How HTML names a picture of the same message.
_REFERENCE = re.compile(r"""\bcid:([^"'\s<>)]+)""", re.IGNORECASE)


def is_message(part: EmailMessage) -> bool:
    """Return whether a part is a forwarded message."""
    return part.get_content_type() in _MESSAGES


def children(part: EmailMessage) -> list[EmailMessage]:
    """Return the parts inside a part.

    Raises:
        ValueError: it is a forwarded message in base64 that cannot be decoded.
    """
    payload = part.get_payload()
    inner = cast(list[EmailMessage], payload) if isinstance(payload, list) else []
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    # The standard forbids encodings here, and Python's parser does not decode them. If there are
    # heads in base64, only the name of the encoding is wrong.
    if is_message(part) and encoding == "base64" and inner and not inner[0].keys():
        return [_decoded_message(inner[0])]
    if is_message(part) and encoding == "quoted-printable" and inner:
        return [_unquoted_message(inner[0])]
    return inner


def _decoded_message(encoded: EmailMessage) -> EmailMessage:
    try:
        content = binascii.a2b_base64(encoded.as_bytes(policy=compat32))
    except binascii.Error as error:
        raise ValueError("not base64") from error
    message = email.message_from_bytes(content, policy=default)
    if not message.keys():
        raise ValueError("no message")
    return message


def _unquoted_message(quoted: EmailMessage) -> EmailMessage:
    """Return a message without quoted-printable, or unchanged if only the name of it is wrong."""
    body = quoted.get_payload()
    if not isinstance(body, str):
        return quoted
    heads = "\n".join(f"{name}: {value}" for name, value in quoted.raw_items())
    # Python takes the rest of a broken line for the body.
    is_broken = any(isinstance(one, MissingHeaderBodySeparatorDefect) for one in quoted.defects)
    raw = f"{heads}\n{body}" if is_broken else f"{heads}\n\n{body}"
    own = str(quoted.get("content-transfer-encoding", "")).strip().lower()
    if _NOT_QUOTED.search(raw) or (own == "quoted-printable" and "=3D" not in heads):
        return quoted
    content = binascii.a2b_qp(raw.encode("utf-8", "surrogateescape"))
    return email.message_from_bytes(content, policy=default)


def pictures_of_text(message: EmailMessage) -> frozenset[str]:
    """Return the Content-IDs of the pictures that the HTML of a message shows in its text."""
    found, waiting = set[str](), [message]
    while waiting:
        part = waiting.pop()
        if isinstance(payload := part.get_payload(), list):
            waiting += cast(list[EmailMessage], payload)
        elif part.get_content_type() == "text/html":
            data = part.get_payload(decode=True)
            page = data.decode("ascii", "replace") if isinstance(data, bytes) else ""
            found.update(unquote(name) for name in _REFERENCE.findall(page))
    return frozenset(found)


def why_unread(part: EmailMessage, pictures: frozenset[str]) -> str:
    """Return as what a part counts that is not shown as text ("": it has no content of its own).

    Args:
        part: one without parts inside.
        pictures: the Content-IDs of pictures in texts.
    """
    id_ = str(part.get("content-id", "")).strip().strip("<>")
    if part.get_content_subtype() in _SIGNATURES or (id_ and id_ in pictures):
        return ""
    is_attached = part.get_content_disposition() == "attachment" or part.get_filename()
    if part.get_content_maintype() == "text" and not is_attached:
        return "parts of mail that are not shown as text"
    return ATTACHMENTS
