"""A folder of texts, Markdown, HTML, PDF and mail files: a document each."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import BadLine, content_digest
from lmtx_search.sources.annif import subjects_beside
from lmtx_search.sources.annif_records import SUBJECTS
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.mail import read_mail
from lmtx_search.sources.pdf import pdf_text
from lmtx_search.sources.rows import Row

_TEXTS = (".txt", ".md", ".markdown", ".text")
_PAGES = (".html", ".htm")
_MAIL = ".eml"
_KINDS = (*_TEXTS, *_PAGES, ".pdf", _MAIL)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def folder_files(folder: Path) -> list[Path]:
    """Return the files of a folder and its folders that are read, in the order of their paths.

    Raises:
        UserError: there is none.
        MissingExtra: there is a PDF file, and pypdf is not installed.
    """
    found = [path for path in _files(folder) if path.suffix.lower() in _KINDS]
    if not found:
        raise UserError(f"the folder {folder} holds no .txt, .md, .html, .pdf or .eml file")
    if find_spec("pypdf") is None and any(path.suffix.lower() == ".pdf" for path in found):
        raise MissingExtra("pdf", "reading PDF files")
    return found


def passed_over(folder: Path) -> dict[str, int]:
    """Return how many files of other kinds there are, by what their names end with."""
    kinds = Counter(path.suffix.lower() or "no ending" for path in _files(folder))
    others = [*_KINDS, ".key", ".tsv"]
    return {kind: count for kind, count in kinds.most_common() if kind not in others}


def folder_digest(folder: Path) -> str:
    """Return what tells this state of a folder from another: names, sizes, times of its files."""
    states = ((path, path.stat()) for path in folder_files(folder))
    return content_digest(*(f"{path} {s.st_size} {s.st_mtime_ns}" for path, s in states))


def read_folder(folder: Path) -> Iterator[Row | BadLine]:
    """Yield a row of ``id`` (the path inside the folder) and ``text`` for each file.

    Mail has its subject, sender and date beside.

    Beside a text, Annif's ``.tsv`` or ``.key`` of the same name gives ``subjects``. What cannot be
    read, is empty or not UTF-8 (or UTF-16 with its mark) comes out as :class:`BadLine`.
    """
    for path in folder_files(folder):
        try:
            fields, problem = _fields(path)
            subjects = None if path.suffix.lower() == ".pdf" else subjects_beside(path)
        except UserError as error:
            problem = str(error)
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        if problem:
            yield BadLine(str(path), 0, problem)
            continue
        fields = {**fields, "id": path.relative_to(folder).as_posix()}
        yield Row(0, fields if subjects is None else {**fields, SUBJECTS: subjects})


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _fields(path: Path) -> tuple[dict[str, str], str]:
    """Return a file's fields, or what is wrong with it."""
    kind = path.suffix.lower()
    if kind == _MAIL:
        return read_mail(path.read_bytes())
    text, problem = pdf_text(path) if kind == ".pdf" else _text(path)
    return {"text": html_text(text) if kind in _PAGES else text}, problem


def _text(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith(_WIDE) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        return "", f"not {encoding.removesuffix('-sig').upper()} (byte {error.start + 1})"
    return (text, "") if text.strip() else ("", "holds no text")
