"""Records of library catalogues: MARC 21 (ISO 2709) and MARCXML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lmtx_search.errors import MissingExtra
from lmtx_search.records import BadLine
from lmtx_search.sources.lines import opened
from lmtx_search.sources.marc_fields import record_fields
from lmtx_search.sources.marc_iso2709 import END_OF_RECORD, binary_records
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row
from lmtx_search.sources.xml_faults import xml_fault

if TYPE_CHECKING:
    from pymarc import Record

_NAMESPACE = "http://www.loc.gov/MARC21/slim"
_RECORD = f"{{{_NAMESPACE}}}record"
_BLOCK = 1 << 20
# Kinds of records in the leader: holdings, authorities, classification, communities.
_NOT_BOOKS = "uvxyzwq"
_UNIMARC = "UNIMARC is not read (its title is in field 200): convert it to MARC 21"


def read_marc(path: Path, options: ReadOptions | None = None) -> Iterator[Row | BadLine]:
    """Yield a row of ``id``, ``title``, ``text`` and the subjects for each record.

    The beginning of the file decides between the two syntaxes. Deleted records, and records that do
    not describe a document, are left out. UTF-8 and cp1252 are recognised in records whose leader
    does not name them. ``line`` is the record's number in ISO 2709, and its line in XML. Memory is
    bounded by the longest record.

    Raises:
        UserError: no such file.
        LmtxError: a damaged gzip file.
        MissingExtra: pymarc or lxml is not installed.
    """
    try:
        import lxml.etree  # noqa: F401
        import pymarc  # noqa: F401
    except ImportError as error:
        raise MissingExtra("library", "reading MARC") from error
    options = options or ReadOptions()
    with opened(path) as stream:
        start = stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    with opened(path) as stream:
        found = _xml_records if start.startswith(b"<") else binary_records
        for number, record in found(stream, path, options):
            if isinstance(record, BadLine):
                yield record
            elif record.leader[5] == "d":
                options.left_out.add("deleted records", _name(record, number))
            elif record.leader[6] in _NOT_BOOKS:
                options.left_out.add("holdings and authority records", _name(record, number))
            elif "200" in record and "245" not in record:
                yield BadLine(str(path), number, _UNIMARC, str(record)[:1000])
            else:
                yield Row(number, record_fields(record), str(record))


def count_marc(path: Path) -> int | None:
    """Return the number of records of a file in ISO 2709; None (unknown) for XML."""
    count, first = 0, b""
    with opened(path) as stream:
        while block := stream.read(_BLOCK):
            first = first or block.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
            if first == b"<":
                return None
            count += block.count(END_OF_RECORD)
    return count


def _name(record: Record, number: int) -> str:
    control = record.get("001")
    return f"record {control.data}" if control and control.data else f"record {number}"


def _xml_records(
    stream: BinaryIO, path: Path, options: ReadOptions
) -> Iterator[tuple[int, Record | BadLine]]:
    from lxml import etree

    found = False
    # Only records of MARC: the <record> of an OAI-PMH answer contains one.
    records = etree.iterparse(stream, tag=_RECORD, resolve_entities=False, no_network=True)
    try:
        for _, element in records:
            found = True
            yield element.sourceline or 0, _record_of(element)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        fault = xml_fault(path, error, records)
        yield fault.line, fault
        return
    if not found:
        reason = f"holds no record of MARCXML: its elements must be in the namespace {_NAMESPACE}"
        yield 1, BadLine(str(path), 1, reason)


def _record_of(element: Any) -> Record:
    """Return a record without the blanks that pretty-printing puts around values."""
    from pymarc import Field, Indicators, Leader, Record, Subfield

    record = Record()
    for child in element:
        name = child.tag.rsplit("}", 1)[-1] if isinstance(child.tag, str) else ""
        text = (child.text or "").strip()
        if name == "leader":
            record.leader = Leader((child.text or "").strip("\r\n\t").ljust(24)[:24])
        elif name == "controlfield":
            record.add_field(Field(tag=child.get("tag", "000"), data=text))
        elif name == "datafield":
            subfields = [
                Subfield(code=one.get("code", " "), value=(one.text or "").strip()) for one in child
            ]
            marks = Indicators(child.get("ind1", " "), child.get("ind2", " "))
            record.add_field(
                Field(tag=child.get("tag", "000"), indicators=marks, subfields=subfields)
            )
    return record
