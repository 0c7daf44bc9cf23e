"""The text of Word files (.docx), by mammoth."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from lmtx_search.errors import UserError
from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.archive import (
    local_name,
    open_archive,
    parse_xml,
    read_member,
    relations,
)
from lmtx_search.sources.office.unread_objects import unread_objects
from lmtx_search.sources.office.word_boxes import rewrite_boxes
from lmtx_search.sources.office.word_hidden import HiddenStyles, W, remove_hidden

# Some programs number the parts.
_NOTES = re.compile(r"(footnotes|endnotes)\d*\.xml\Z")
_STYLES = re.compile(r"styles\d*\.xml\Z")
_RELATIONS = "_rels/.rels"
_MAIN = "word/document.xml"
# Names the main part in the one way that mammoth finds.
_RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="main" Target={} Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument"/></Relationships>'
)
# Elements around runs that mammoth skips.
_WRAPPERS = ("fldSimple", "bdo", "dir")
_IGNORED = re.compile(r"An unrecognised element was ignored: (\S+)")


def word_text(path: Path, left_out: LeftOut) -> str:
    """Return the text: paragraphs, tables, text boxes, notes and insertions, without deletions.

    Hidden text, comments, charts, SmartArt, embedded objects, and elements that mammoth ignores are
    counted.

    Raises:
        UserError: the file cannot be read, or holds no text.
    """
    import mammoth

    with open_archive(path) as archive:
        content, elements, unread = _prepared(archive, _main_part(archive))
    for kind, count in unread.items():
        left_out.add(kind, path.name, count)
    try:
        result = mammoth.convert_to_html(
            content, convert_image=mammoth.images.img_element(lambda image: {"src": ""})
        )
    except Exception as error:  # mammoth has no error class of its own
        raise UserError(
            f"cannot be read as Word ({type(error).__name__}: {str(error)[:100]})"
        ) from error
    # mammoth reports each kind once.
    kinds = {found[1] for one in result.messages if (found := _IGNORED.match(one.message))}
    for kind in sorted(kinds):
        count = elements[kind.rpartition(":")[2]]
        left_out.add(f"Word elements of the kind {kind}", path.name, count)
    text = html_text(result.value)
    if not text:
        raise UserError("holds no text: pictures only?")
    return text


def _main_part(archive: zipfile.ZipFile) -> str:
    """Return the name of the part with the text: the first that the archive tells and that exists.

    Raises:
        UserError: there is no such part, it is not of Word, or the archive is damaged.
    """
    names = archive.namelist()
    told = [one.target for one in relations(archive) if one.kind == "officeDocument"]
    found = next((name for name in (*told, _MAIN) if name in names), None)
    if found is None:
        raise UserError(f"is not a Word file: {(*told, _MAIN)[0]} is missing")
    kind = local_name(parse_xml(read_member(archive, found), found))
    if kind != "document":
        raise UserError(f"is not a Word file: its main part {found} is a {kind}")
    return found


def _prepared(archive: zipfile.ZipFile, main: str) -> tuple[io.BytesIO, Counter[str], Counter[str]]:
    """Return the archive with the elements that mammoth skips as ordinary runs.

    The second value counts the elements of the text by their local names, the third what is left
    out by its kind. Runs of hidden text are removed.
    """
    target, elements, unread = io.BytesIO(), Counter[str](), Counter[str]()
    folders = {posixpath.dirname(main), posixpath.dirname(_MAIN)}
    beside = [name for name in archive.namelist() if posixpath.dirname(name) in folders]
    sheets = [name for name in beside if _STYLES.match(posixpath.basename(name))]
    styles = HiddenStyles([parse_xml(read_member(archive, name), name) for name in sheets])
    texts = {main, *(name for name in beside if _NOTES.match(posixpath.basename(name)))}
    with zipfile.ZipFile(target, "w") as prepared:
        for member in archive.infolist():
            if member.filename == _RELATIONS:
                continue
            content = read_member(archive, member.filename)
            if member.filename in texts:
                root = parse_xml(content, member.filename)
                unread["hidden pieces of text"] += remove_hidden(root, styles)
                unread += unread_objects(root)
                unread["comments"] += sum(1 for _ in root.iter(f"{W}commentReference"))
                elements.update(map(local_name, root.iter()))
                rewrite_boxes(root)
                content = _plain_runs(root)
            prepared.writestr(member.filename, content)
        prepared.writestr(_RELATIONS, _RELATION.format(quoteattr(main)))
    target.seek(0)
    return target, elements, unread


def _plain_runs(root: Any) -> bytes:
    from lxml import etree

    for element in list(root.iter()):
        kind = local_name(element)
        if kind in _WRAPPERS:
            _unwrap(element)
        elif kind == "ruby":
            for reading in element.findall(f"{W}rt"):
                element.remove(reading)
            for base in element.findall(f"{W}rubyBase"):
                _unwrap(base)
            _unwrap_into_run(element)
        elif kind == "cr":
            element.tag = f"{W}br"
        elif kind == "ptab":
            element.tag = f"{W}tab"
        elif kind == "oMath" and element.getparent() is not None:
            _replace_by_text(element)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _unwrap(element: Any) -> None:
    parent = element.getparent()
    place = parent.index(element)
    for child in reversed(element):
        parent.insert(place, child)
    parent.remove(element)


def _unwrap_into_run(ruby: Any) -> None:
    """Move the runs of a ruby's base text out of the run that contains them, to after it."""
    run = ruby.getparent()
    if local_name(run) != "r" or run.getparent() is None:
        return _unwrap(ruby)
    parent, place = run.getparent(), run.getparent().index(run)
    for child in reversed([child for child in ruby if local_name(child) == "r"]):
        parent.insert(place + 1, child)
    run.remove(ruby)


def _replace_by_text(formula: Any) -> None:
    """Write the letters of a formula as a run."""
    from lxml import etree

    letters = "".join(node.text or "" for node in formula.iter() if local_name(node) == "t")
    run = etree.Element(f"{W}r")
    etree.SubElement(run, f"{W}t").text = letters
    formula.getparent().replace(formula, run)
