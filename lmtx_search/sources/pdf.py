"""The text of a PDF file."""

from __future__ import annotations

import logging
from pathlib import Path


def pdf_text(path: Path) -> tuple[str, str]:
    """Return a file's text with its pages' breaks as empty lines, or ("", what is wrong).

    An encrypted file that opens without a password is read.
    """
    from pypdf import PasswordType, PdfReader  # an extra: see folder.folder_files

    # It logs each oddity of a file; what counts is whether there is text.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            return "", "is encrypted: a password is needed"
        text = "\n\n".join(filter(None, (page.extract_text().strip() for page in reader.pages)))
    except OSError:
        raise
    except Exception as error:
        # Whatever a damaged file makes of its reader: recursion, keys and types that are not there.
        return "", f"cannot be read as PDF ({type(error).__name__}: {str(error)[:100]})"
    return (text, "") if text else ("", "is a PDF without text: scanned pages?")
