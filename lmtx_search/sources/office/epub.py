"""E-books (.epub): title, authors, subjects and the text of the chapters in reading order."""

from __future__ import annotations

import posixpath
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lmtx_search.errors import UserError
from lmtx_search.sources.charsets import decoded
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.archive import local_name, open_archive, parse_xml, read_member

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html")
_DECLARED = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:-]+)""", re.ASCII)
_UNREADABLE = "\ufffd"
_WRONG = "characters of e-books that cannot be decoded"
_METADATA = {"title": "title", "creator": "creator", "description": "description", "date": "date"}


def read_epub(path: Path, left_out: LeftOut) -> dict[str, Any]:
    """Return ``title``, ``creator``, ``description``, ``date``, ``subjects`` (a list) and ``text``.

    Chapters that are missing or damaged, and characters that cannot be decoded, are counted.

    Raises:
        UserError: the file cannot be read, is protected (DRM), or holds no text.
    """
    with open_archive(path) as archive:
        package_name = _package_name(archive)
        package = parse_xml(read_member(archive, package_name), package_name)
        encrypted = _encrypted(archive)
        chapters = _chapters(package, posixpath.dirname(package_name))
        if chapters and all(chapter in encrypted for chapter in chapters):
            raise UserError("is protected (DRM): its chapters are encrypted")
        texts = []
        for chapter in chapters:
            try:
                page = _decoded(read_member(archive, chapter))
            except UserError:
                left_out.add("chapters of e-books that are missing", f"{path.name}, {chapter}")
                continue
            wrong = page.count(_UNREADABLE)
            left_out.add(_WRONG, f"{path.name}, {chapter}", wrong)
            texts.append(_page_text(page))
    text = "\n".join(filter(None, texts))
    if not text:
        raise UserError("holds no text: pictures only?")
    return {**_described(package), "text": text}


def _package_name(archive: zipfile.ZipFile) -> str:
    container = parse_xml(read_member(archive, _CONTAINER), _CONTAINER)
    for element in container.iter():
        if local_name(element) == "rootfile" and element.get("full-path"):
            return str(element.get("full-path"))
    raise UserError(f"is damaged: {_CONTAINER} names no package file")


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    """Return the members that are encrypted (fonts often are, in books without DRM too)."""
    if _ENCRYPTION not in archive.namelist():
        return set()
    root = parse_xml(read_member(archive, _ENCRYPTION), _ENCRYPTION)
    references = (e.get("URI") for e in root.iter() if local_name(e) == "CipherReference")
    return {unquote(reference) for reference in references if reference}


def _chapters(package: Any, folder: str) -> list[str]:
    """Return the pages of the spine, by their names in the archive."""
    pages = {
        element.get("id"): unquote(element.get("href", ""))
        for element in package.iter()
        if local_name(element) == "item" and element.get("media-type") in _PAGES
    }
    order = [e.get("idref") for e in package.iter() if local_name(e) == "itemref"]
    names = [pages[id_] for id_ in order if pages.get(id_)]
    return [posixpath.normpath(posixpath.join(folder, name)) for name in names]


def _decoded(content: bytes) -> str:
    """Return a chapter by its byte order mark, its XML declaration or its head."""
    # Without a mark, UTF-16 is known by the zero byte of its first "<".
    wide = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(content[:2])
    if wide is not None:
        return decoded(content, wide)
    found = _DECLARED.match(content)
    declared = found[1].decode() if found else ""
    # Where the declaration can be read as ASCII, UTF-16 is wrong.
    return decoded(content, "" if declared.lower().startswith("utf-16") else declared, html=True)


def _page_text(page: str) -> str:
    """Return the text of a chapter's body; its head only repeats the book's title."""
    head, mark, body = page.partition("<body")
    return html_text(mark + body if mark else head)


def _described(package: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    subjects: list[str] = []
    for element in package.iter():
        parent = element.getparent()
        if parent is None or local_name(parent) not in ("metadata", "dc-metadata"):
            continue
        name, text = local_name(element), " ".join("".join(element.itertext()).split())
        if not text:
            continue
        if name == "subject":
            subjects.append(text)
        elif name in _METADATA:
            found.setdefault(_METADATA[name], html_text(text))
    return {**found, "subjects": subjects} if subjects else found
