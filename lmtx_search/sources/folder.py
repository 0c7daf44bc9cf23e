"""Reads files as documents: texts, Markdown, HTML, PDF, mail, office files, e-books."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import BadLine, content_digest
from lmtx_search.sources.annif_records import SUBJECTS
from lmtx_search.sources.annif_subjects import SUBJECT_ENDINGS, subject_file, subjects_beside
from lmtx_search.sources.charsets import decoded, html_charset
from lmtx_search.sources.folder_walk import FolderContent, size_and_time, walk
from lmtx_search.sources.front_matter import front_fields, is_draft, split_front_matter
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.lines import real_file
from lmtx_search.sources.mail import read_mail
from lmtx_search.sources.office.files import OFFICE_ENDINGS, read_office, require_office
from lmtx_search.sources.pdf import pdf_text
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row
from lmtx_search.sources.text_encoding import ISO_2022_JP, is_iso_2022_jp, wide_encoding

_TEXTS = (".txt", ".md", ".markdown", ".text")
_PAGES = (".html", ".htm")
_WITH_FRONT_MATTER = (".md", ".markdown", *_PAGES)
_MAIL = ".eml"
_KINDS = (*_TEXTS, *_PAGES, ".pdf", _MAIL, *OFFICE_ENDINGS)
SINGLE_ENDINGS = (*_PAGES, ".pdf", _MAIL, ".docx", ".pptx", ".odt", ".odp", ".epub")
"""Endings of files that are one document if given individually."""


def folder_files(folder: Path) -> list[Path]:
    """Return the readable files in a folder and its subfolders, in the order of their paths.

    Raises:
        UserError: there is no such file, or the folder cannot be read.
        MissingExtra: there is a PDF or office file, and its reader is not installed.
    """
    return _documents(folder, walk(folder))


def _documents(folder: Path, content: FolderContent) -> list[Path]:
    if problem := content.unread.get(folder):
        raise UserError(f"the folder {folder} cannot be read: {problem}")
    found = [path for path in content.files if path.suffix.lower() in _KINDS]
    if not found:
        raise UserError(
            f"the folder {folder} holds no text, Markdown, HTML, PDF, mail or office file and no "
            "e-book"
        )
    _require_readers({path.suffix.lower() for path in found})
    return found


def _require_readers(endings: set[str]) -> None:
    if ".pdf" in endings and find_spec("pypdf") is None:
        raise MissingExtra("pdf", "reading PDF files")
    if not endings.isdisjoint(OFFICE_ENDINGS):
        require_office()


def passed_over(folder: Path) -> dict[str, int]:
    """Return the number of files of other kinds, by ending."""
    files = walk(folder).files
    known = {path for path in files if path.suffix.lower() in _KINDS}
    for path in known.copy():
        # Reading the text tells that its subjects cannot be read.
        with suppress(OSError):
            if _may_have_subjects(path) and (subjects := subject_file(path)):
                known.add(subjects)
    others = (path for path in files if path not in known)
    kinds = Counter(_printable(path.suffix.lower()) or "no ending" for path in others)
    return dict(kinds.most_common())


def folder_digest(folder: Path) -> str:
    """Return the state of a folder as a text: names, sizes and times of its files."""
    content = walk(folder)
    files = _documents(folder, content)
    files += [path for path in content.files if path.suffix in SUBJECT_ENDINGS]
    return content_digest(*(f"{path} {size_and_time(path)}" for path in files))


def read_folder(folder: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield a row of ``id`` (the path inside the folder) and ``text`` for each file.

    Mail also has subject, sender and date. The front matter of Markdown and HTML gives ``title``,
    ``date``, ``url``, ``description``, ``summary`` and ``subjects``; drafts are left out, unless
    ``options.everything`` is set. Annif's ``.tsv`` or ``.key`` file of the same name gives the
    ``subjects`` of a text. A file that cannot be read, is empty, or is not UTF-8 (or UTF-16 or
    UTF-32 with a byte order mark, or ISO-2022-JP) is yielded as a :class:`BadLine`, and so is a
    subfolder that cannot be read. Links to folders are left out and counted.
    """
    content = walk(folder)
    files = _documents(folder, content)
    for link in content.links:
        options.left_out.add("links to folders", _printable(link.relative_to(folder).as_posix()))
    for path, problem in content.unread.items():
        yield BadLine(_printable(str(path)), 0, f"the folder cannot be read: {problem}")
    yield from _rows(((path, path.relative_to(folder).as_posix()) for path in files), options)


def read_file(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield the row of one file, as :func:`read_folder` does; its id is the file's name.

    Of standard input, the content decides the kind of the file, and there is no id.

    Raises:
        UserError: the file does not exist.
        MissingExtra: it is a PDF or office file, and its reader is not installed.
    """
    file = real_file(path)
    if not file.is_file():
        raise UserError(f"no such file: {path}")
    _require_readers({file.suffix.lower()})
    for row in _rows([(file, path.name if file is path else "")], options):
        if file is not path and isinstance(row, BadLine):
            row = replace(row, file=str(path))
        yield row


def _rows(files: Iterable[tuple[Path, str]], options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield the rows of files with their names, which are their ids (empty: none)."""
    unread, renamed = list[str](), list[str]()
    for path, name in files:
        id_ = _printable(name)
        if id_ != name:
            renamed.append(id_)
        try:
            fields, problem = _fields(path, options, unread)
            subjects = subjects_beside(path) if _may_have_subjects(path) else None
        except UserError as error:
            fields, problem, subjects = {}, str(error), None
        except OSError as error:
            is_broken = isinstance(error, FileNotFoundError) and path.is_symlink()
            why = "a link to a file that does not exist" if is_broken else error.strerror
            fields, problem, subjects = {}, f"cannot be read: {why}", None
        if problem:
            yield BadLine(_printable(str(path)), 0, problem)
        elif fields is None:
            options.left_out.add("drafts", id_)
        else:
            fields |= {"id": id_} if id_ else {}
            yield Row(0, fields | ({} if subjects is None else {SUBJECTS: subjects}))
    for which, found in (
        ("front matter that is neither YAML nor TOML, which stays in the text", unread),
        ("a name that is not UTF-8, whose other bytes are written as %XX in the id", renamed),
    ):
        if found:
            options.notes.append(f"Files with {which}: {len(found):,} (the first: {found[0]})")


def _printable(name: str) -> str:
    """Return a file name with its bytes that are not UTF-8 as ``%XX``.

    Python has them as surrogates, which neither OpenSearch nor a terminal accepts.
    """
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", name)


def _may_have_subjects(path: Path) -> bool:
    return path.suffix.lower() in (*_TEXTS, *_PAGES)


def _fields(
    path: Path, options: ReadOptions, unread: list[str]
) -> tuple[dict[str, Any] | None, str]:
    """Return a file's fields (None: a draft), or its problem.

    ``unread`` receives the path if the front matter cannot be read.
    """
    kind = path.suffix.lower()
    if kind == _MAIL:
        return read_mail(path.read_bytes(), options.left_out)
    if kind in OFFICE_ENDINGS:
        return read_office(path, options.left_out), ""
    text, problem = pdf_text(path) if kind == ".pdf" else _text(path)
    front: dict[str, Any] = {}
    if kind in _WITH_FRONT_MATTER:
        try:
            front, text = split_front_matter(text)
        except ValueError:
            unread.append(_printable(str(path)))
    if is_draft(front) and not options.everything:
        return None, ""
    text = html_text(text) if kind in _PAGES else text
    return {**front_fields(front), "text": text}, problem


def _text(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    if path.suffix.lower() in _PAGES and html_charset(data):
        return decoded(data, html=True), ""
    encoding = wide_encoding(data) or (ISO_2022_JP if is_iso_2022_jp(data) else "utf-8-sig")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        return "", f"not {encoding.removesuffix('-sig').upper()} (byte {error.start + 1})"
    return (text, "") if text.strip() else ("", "holds no text")
