"""Opens the ZIP archives of office files and e-books, and parses their XML."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lmtx_search.errors import UserError

# More than any real document, and less than the memory of a small machine.
_MOST_BYTES = 500 * 1024 * 1024
# The first bytes of a compound file: old Office files, and Office files with a password.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Relation(NamedTuple):
    """What a part of an Office file says about another part."""

    id: str
    kind: str
    """The last word of its type, such as ``officeDocument`` or ``drawing``."""
    target: str
    """The name of the other part, which may not exist."""


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a file that is a ZIP archive.

    Raises:
        UserError: it is empty, protected, damaged, or unpacks to more than 500 MiB.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise UserError("is empty (0 bytes)")
    if start == _COMPOUND:
        raise UserError(
            "is protected by a password, or has an older format than its name suggests: save it "
            "again without a password, in the current format"
        )
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise UserError(f"is damaged: {error}") from error
    with archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
            raise UserError(f"unpacks to more than {_MOST_BYTES >> 20} MiB")
        if any(member.flag_bits & 1 for member in archive.infolist()):
            raise UserError("is encrypted: save it again without a password")
        yield archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the content of a member.

    Raises:
        UserError: the member does not exist, or is damaged.
    """
    try:
        return archive.read(name)
    except KeyError as error:
        raise UserError(f"is damaged: {name} is missing") from error
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as error:
        raise UserError(f"is damaged: {name} cannot be read ({error})") from error
    except Exception as error:  # zlib.error and the errors of other codecs have no common class
        raise UserError(f"is damaged: {name} cannot be unpacked ({error})") from error


def parse_xml(content: bytes, name: str) -> Any:
    """Return the root element; entities are not resolved and nothing is fetched.

    Raises:
        UserError: the XML is not well-formed.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UserError(f"is damaged: {name} is not well-formed XML ({error.msg})") from error


def relations(archive: zipfile.ZipFile, part: str = "") -> list[Relation]:
    """Return the relations of a part to others of the archive ("": those of the archive itself).

    Raises:
        UserError: they are damaged.
    """
    folder, name = posixpath.split(part)
    file = posixpath.join(folder, "_rels", f"{name}.rels")
    if file not in archive.namelist():
        return []
    return [
        Relation(
            one.get("Id", ""),
            one.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join(folder, one.get("Target", ""))).lstrip("/"),
        )
        for one in parse_xml(read_member(archive, file), file)
        if local_name(one) == "Relationship" and one.get("TargetMode") != "External"
    ]


def local_name(element: Any) -> str:
    """Return an element's name without its namespace; "" for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
