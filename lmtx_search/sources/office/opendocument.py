"""The text of OpenDocument files (.odt, .odp), by lxml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.archive import local_name, open_archive, parse_xml, read_member

# Elements whose text is not displayed: deletions, comments, scripts, the reading beside a ruby.
_UNSEEN = {"tracked-changes", "annotation", "annotation-end", "script", "forms", "ruby-text"}
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_BLANKS = {"s": " ", "tab": " ", "line-break": "\n"}
_BLOCKS = {"p", "h"}
_SPACES = re.compile(r"[ \t]+")


def opendocument_text(path: Path, left_out: LeftOut) -> str:
    """Return the text of a text document or a presentation: paragraphs, tables, boxes, notes.

    Deleted text and comments are not read. Hidden sections and pieces of text, and formulas and
    charts, which are objects of their own, are left out and counted.

    Raises:
        UserError: the file cannot be read, is encrypted, or holds no text.
    """
    with open_archive(path) as archive:
        manifest = read_member(archive, "META-INF/manifest.xml")
        if b"encryption-data" in manifest:
            raise UserError("is encrypted: save it again without a password")
        root = parse_xml(read_member(archive, "content.xml"), "content.xml")
    sections, pieces = _remove_hidden(root)
    left_out.add("hidden sections", path.name, sections)
    left_out.add("hidden pieces of text", path.name, pieces)
    objects = sum(local_name(element) in ("object", "object-ole") for element in root.iter())
    left_out.add("embedded formulas, charts and other objects", path.name, objects)
    lines: list[str] = []
    _collect(root, lines)
    text = "\n".join(line for line in map(_clean, lines) if line)
    if not text:
        raise UserError("holds no text: pictures only?")
    return text


def _remove_hidden(root: Any) -> tuple[int, int]:
    """Remove what is not displayed. Return how many sections and pieces of text it was."""
    sections = [
        one
        for one in root.iter(f"{_TEXT}section")
        if one.get(f"{_TEXT}display") == "none" or _is_hidden(one)
    ]
    for section in sections:
        section.clear(keep_tail=True)
    styles = {
        style.get(f"{_STYLE}name")
        for style in root.iter(f"{_STYLE}style")
        if any(one.get(f"{_TEXT}display") == "none" for one in style)
    }
    pieces = [
        one
        for one in root.iter(*(f"{_TEXT}{name}" for name in ("span", "p", "h")))
        if one.get(f"{_TEXT}style-name") in styles
    ]
    # The field of a hidden paragraph is inside it.
    fields = filter(_is_hidden, root.iter(f"{_TEXT}hidden-text", f"{_TEXT}hidden-paragraph"))
    pieces += [one if local_name(one) == "hidden-text" else one.getparent() for one in fields]
    pieces = [one for one in pieces if "".join(one.itertext()).strip()]
    for piece in pieces:
        piece.clear(keep_tail=True)
    return len(sections), len(pieces)


def _is_hidden(element: Any) -> bool:
    """Return whether the condition of an element hides it, as the program that wrote it found."""
    return str(element.get(f"{_TEXT}is-hidden")) == "true"


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
