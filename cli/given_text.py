"""The text that `tag` is given: an argument, a file or standard input."""

from __future__ import annotations

import codecs
import io
import re
import sys
from pathlib import Path

import click

from lmtx_search.errors import UserError
from lmtx_search.sources.text_encoding import text_encoding

_BINARY = {
    b"%PDF": "a PDF file",
    b"PK\x03\x04": "a ZIP archive or an office file",
    b"\xd0\xcf\x11\xe0": "an office file",
    b"\x1f\x8b": "a gzip file",
}
# The first of two bytes of a letter; in cp1252, a capital letter with an accent.
_CUT_LETTER = re.compile(rb"(?<=[a-z\s])[\xc2\xc3]\Z")


def given_text(text: str | None, file: Path | None) -> str:
    """Return the text to tag. A note on standard error says if its encoding is a guess.

    Raises:
        UserError: there is no text or more than one, or the file cannot be read as text.
    """
    if text is not None and file is not None:
        raise UserError("give either a text or --file, not both")
    if text is None and file is None and sys.stdin.isatty():
        raise UserError("give a text, or a file with --file (- is standard input)")
    if file is not None and str(file) != "-":
        try:
            text = _decoded(file.read_bytes(), str(file))
        except OSError as error:
            raise UserError(f"cannot read {file}: {error.strerror}") from error
    elif text is None or text == "-":
        text = _decoded(sys.stdin.buffer.read(), "standard input")
    if not text.strip():
        raise UserError("the text is empty: there is nothing to tag")
    return text


def _decoded(data: bytes, name: str) -> str:
    """Return the text of a file, which may be in any encoding that the readers of files detect."""
    kind = next((kind for start, kind in _BINARY.items() if data.startswith(start)), None)
    if kind is not None:
        raise _refused(name, kind)
    if cut := _cut_character(data):
        data = data[:-cut]
        click.echo(f"Note: {name} ends within a character, which is left out", err=True)
    encoding = text_encoding(io.BytesIO(data))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name} has bytes that are not {encoding.removesuffix('-sig').upper()} (the first is "
            f"byte {error.start + 1:,}): give text in UTF-8"
        ) from error
    if "\0" in text:
        raise _refused(name, "not text")
    if encoding == "cp1252":
        click.echo(
            f"Note: {name} is not UTF-8: it is read as cp1252 (Windows, Western Europe); save it "
            "as UTF-8 if letters are wrong",
            err=True,
        )
    return text


def _refused(name: str, kind: str) -> UserError:
    return UserError(
        f"{name} is {kind}: give its text, in UTF-8 (`ingest` also reads PDF and office files)"
    )


def _cut_character(data: bytes) -> int:
    """Return the number of bytes of an incomplete character at the end of a text in UTF-8.

    A single byte behind ASCII can also be a letter of cp1252. Only capital letters that hardly end
    a word count as cut.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return 0
    cut = len(decoder.getstate()[0])
    sure = cut > 1 or not data[: len(data) - cut].isascii() or _CUT_LETTER.search(data)
    return cut if sure else 0
