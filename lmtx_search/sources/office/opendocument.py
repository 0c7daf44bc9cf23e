"""The text of OpenDocument files (.odt, .odp), by lxml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.archive import local_name, open_archive, parse_xml, read_member
from lmtx_search.sources.office.opendocument_hidden import HiddenStyles, remove_hidden

# Elements whose text is not displayed: deletions, comments, scripts, the reading beside a ruby.
_UNSEEN = {"tracked-changes", "annotation", "annotation-end", "script", "forms", "ruby-text"}
_BLANKS = {"s": " ", "tab": " ", "line-break": "\n"}
_BLOCKS = {"p", "h"}
OBJECTS = "embedded formulas, charts and other objects"
"""As what objects are counted."""
_SPACES = re.compile(r"[ \t]+")


def opendocument_text(path: Path, left_out: LeftOut) -> str:
    """Return the text of a text document or a presentation: paragraphs, tables, boxes, notes.

    Deleted text and comments are not read. Hidden sections, slides and pieces of text are left out
    and counted, and so are formulas and charts, which are objects of their own.

    Raises:
        UserError: the file cannot be read, is encrypted, or holds no text.
    """
    with open_archive(path) as archive:
        manifest = read_member(archive, "META-INF/manifest.xml")
        if b"encryption-data" in manifest:
            raise UserError("is encrypted: save it again without a password")
        root = parse_xml(read_member(archive, "content.xml"), "content.xml")
        common = None
        if "styles.xml" in archive.namelist():
            common = parse_xml(read_member(archive, "styles.xml"), "styles.xml")
    for kind, count in remove_hidden(root, HiddenStyles(root, common)).items():
        left_out.add(kind, path.name, count)
    left_out.add(OBJECTS, path.name, count_objects(root))
    comments = sum(local_name(element) == "annotation" for element in root.iter())
    left_out.add("comments", path.name, comments)
    text = displayed_text(root)
    if not text:
        raise UserError("holds no text: pictures only?")
    return text


def count_objects(element: Any) -> int:
    """Return the number of objects inside an element."""
    return sum(local_name(one) in ("object", "object-ole") for one in element.iter())


def displayed_text(element: Any) -> str:
    """Return the paragraphs inside an element, one per line."""
    lines: list[str] = []
    for child in element:
        _collect(child, lines)
    return "\n".join(line for line in map(_clean, lines) if line)


def _collect(element: Any, lines: list[str]) -> None:
    """Append the text of each paragraph; paragraphs inside one (boxes, notes) follow it."""
    name = local_name(element)
    if not name or name in _UNSEEN:
        return
    if name in _BLOCKS:
        inner: list[str] = []
        lines.append(_inline(element, inner))
        lines.extend(inner)
        return
    for child in element:
        _collect(child, lines)


def _inline(element: Any, inner: list[str]) -> str:
    text = element.text or ""
    for child in element:
        name = local_name(child)
        if name in _BLANKS:
            text += _BLANKS[name]
        elif name == "note":
            # The mark of a note would stick to the word before it.
            for part in child:
                if local_name(part) == "note-body":
                    _collect(part, inner)
        elif name in ("frame", "custom-shape", "text-box"):
            for part in child:
                _collect(part, inner)
        elif name and name not in _UNSEEN:
            text += _inline(child, inner)
        text += child.tail or ""
    return text


def _clean(line: str) -> str:
    return _SPACES.sub(" ", line).strip()
