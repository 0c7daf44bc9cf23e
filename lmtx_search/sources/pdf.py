"""The text of a PDF file."""

from __future__ import annotations

import logging
import re
from pathlib import Path

# A hyphen, or a soft one, at the end of a line or page, between two parts of words.
_LINE_END = re.compile(r"\b([^\W\d_]+)([-\u2010\u00ad])[ \t]*\n{1,2}[ \t]*([^\W\d_]+)")
# Before these words a hyphen replaces the rest of a word: "in- and output", "Ein- und Ausgabe".
_AFTER_A_PART = (
    "and", "or", "to", "und", "oder", "bis", "sowie", "et", "ou", "en", "of", "och", "eller", "og",
    "y", "o", "e",
)  # fmt: skip
_COMPOUND = re.compile(r"\b([^\W\d_]+)[-\u2010](?=([^\W\d_]+))")


def pdf_text(path: Path) -> tuple[str, str]:
    """Return a file's text with page breaks as empty lines, or "" and the problem.

    Words that were broken at the ends of lines are joined. An encrypted file that opens
    without a password is read.
    """
    from pypdf import PasswordType, PdfReader  # an extra: see folder.folder_files

    # It logs every irregularity of a file; only the text matters.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            return "", "is encrypted: a password is needed"
        text = "\n\n".join(filter(None, (page.extract_text().strip() for page in reader.pages)))
    except OSError:
        raise
    except Exception as error:
        # A damaged file causes errors of any kind in the reader: recursion, missing keys.
        return "", f"cannot be read as PDF ({type(error).__name__}: {str(error)[:100]})"
    return (whole_words(text), "") if text else ("", "is a PDF without text: scanned pages?")


def whole_words(text: str) -> str:
    """Join the words of a text that were broken at the ends of its lines.

    A hyphen is kept if the word occurs with it elsewhere, or if it replaces a part of a word.

    >>> whole_words("infor-\\nmation on in-\\nand output")
    'information on in-\\nand output'
    """
    compounds = {(first.lower(), second.lower()) for first, second in _COMPOUND.findall(text)}

    def joined(found: re.Match[str]) -> str:
        first, hyphen, second = found.groups()
        if hyphen == "\u00ad":
            return first + second
        if not (first[-1].islower() and second[0].islower()) or second in _AFTER_A_PART:
            return found[0]
        compound = (first.lower(), second.lower()) in compounds
        return f"{first}-{second}" if compound else first + second

    return _LINE_END.sub(joined, text)
