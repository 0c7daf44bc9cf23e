"""Office files and e-books by their endings, read as the fields of a document."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.epub import read_epub
from lmtx_search.sources.office.opendocument import opendocument_text
from lmtx_search.sources.office.sheets import sheets_text
from lmtx_search.sources.office.slides import slides_text
from lmtx_search.sources.office.word import word_text

_TEXTS: dict[str, Callable[[Path, LeftOut], str]] = {
    ".docx": word_text,
    ".pptx": slides_text,
    ".xlsx": sheets_text,
    ".xls": sheets_text,
    ".ods": sheets_text,
    ".odt": opendocument_text,
    ".odp": opendocument_text,
}
OFFICE_ENDINGS = (*_TEXTS, ".epub")
# Formats that LibreOffice converts: ending of the file → ending to convert to.
CONVERTIBLE = {".doc": "docx", ".ppt": "pptx", ".rtf": "docx"}
_PACKAGES = ("lxml", "mammoth", "openpyxl", "pptx", "python_calamine")


def require_office() -> None:
    """Check that the packages are installed.

    Raises:
        MissingExtra: a package is missing.
    """
    if any(find_spec(package) is None for package in _PACKAGES):
        raise MissingExtra("office", "reading office files and e-books")


def read_office(path: Path, left_out: LeftOut) -> dict[str, Any]:
    """Return the fields of a file: ``text``, and for an e-book also title and subjects.

    Raises:
        UserError: the file cannot be read, is protected, or holds no text; the message begins with
            the verb, as in "is empty".
    """
    ending = path.suffix.lower()
    if ending == ".epub":
        return read_epub(path, left_out)
    return {"text": _TEXTS[ending](path, left_out)}
