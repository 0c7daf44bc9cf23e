"""Reads RDF files in any syntax; an unreadable file gives a one-line error."""

from __future__ import annotations

import codecs
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from xml.sax import SAXException, SAXParseException

from lmtx_search.errors import LmtxError, MissingExtra, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.sources.lines import opened
from lmtx_search.sources.rows import ending

if TYPE_CHECKING:
    from rdflib import Dataset, Graph

_SYNTAXES = {
    **dict.fromkeys((".ttl", ".turtle", ".n3"), "turtle"),
    **dict.fromkeys((".rdf", ".xml", ".owl"), "xml"),
    **dict.fromkeys((".jsonld", ".json"), "json-ld"),
    **dict.fromkeys((".nq", ".nquads"), "nquads"),
    ".nt": "nt",
    ".trig": "trig",
}
_NAMES = {
    "turtle": "Turtle",
    "xml": "RDF/XML",
    "nt": "N-Triples",
    "json-ld": "JSON-LD",
    "nquads": "N-Quads",
    "trig": "TriG",
}
RDF_ENDINGS = tuple(_SYNTAXES.keys() - {".json"})
"""The endings of RDF file names; a ``.json`` file may have another format."""
# In these syntaxes a file may hold several graphs, and all of their triples count.
_WITH_GRAPHS = ("json-ld", "nquads", "trig")
_TURTLE_REASON = re.compile(r"Bad syntax \((.*?)\) at \^", re.DOTALL)
_PLACE = re.compile(r".*?:(\d+):\d+: ", re.DOTALL)
_JSON_LD = re.compile(rb"\s*[\[{]\s*(\{|\"|\})")
_KEYWORDS = re.compile(rb'"@(context|graph|id|type)"')
_BEGINNING = 65_536
# The base of relative addresses. Without a base of this form, JSON-LD drops them.
_BASE = "http://thesaurus.invalid/"


def read_graph(path: Path, progress: Progress = SILENT) -> Graph:
    """Read a file (also ``.gz``) as a whole, in the syntax of its name or its content.

    The triples of named graphs (TriG, N-Quads, JSON-LD) count like all others. Nothing is fetched
    from elsewhere.

    Raises:
        UserError: the file does not exist, or has an error (the message has its line).
        LmtxError: a damaged gzip file.
        MissingExtra: rdflib is not installed.
    """
    try:
        from rdflib import Dataset, Graph
    except ImportError as error:
        raise MissingExtra("skos", "reading SKOS") from error
    size = path.stat().st_size if path.is_file() and path.suffix != ".gz" else None
    syntax = _SYNTAXES.get(ending(path)) or _sniffed(path)
    # A plain Graph silently ignores named graphs.
    graph = Dataset(default_union=True) if syntax in _WITH_GRAPHS else Graph()
    with opened(path) as stream, progress.stage(f"Read {path.name}", size, "bytes") as advance:
        counted = _Counted(stream, advance)
        with _quiet():
            try:
                if syntax == "json-ld":
                    _parse_json_ld(path, counted.read(), graph)
                else:
                    graph.parse(cast("BinaryIO", counted), format=syntax, publicID=_BASE)
            except (LmtxError, OSError, EOFError):
                raise
            except Exception as error:
                raise UserError(_why(path, syntax, error)) from error
    return graph


def is_json_ld(path: Path) -> bool:
    """Return whether a JSON file is JSON-LD, judged by its first 64 KiB."""
    if not path.is_file():
        return False
    with opened(path) as stream:
        start = stream.read(_BEGINNING)
    # A file with one object per line is JSONL, whatever the names of its fields.
    first = start.removeprefix(b"\xef\xbb\xbf").strip().split(b"\n")[0].strip()
    whole_lines = first.startswith(b"{") and first.endswith(b"}") and b"\n" in start.strip()
    return not whole_lines and _KEYWORDS.search(start) is not None


def _parse_json_ld(path: Path, data: bytes, graph: Graph) -> None:
    from rdflib.plugins.parsers.jsonld import to_rdf

    for content in _json_documents(data.decode("utf-8-sig")):
        if not isinstance(content, dict | list):
            raise UserError(f"{path}: not JSON-LD: an object or a list of objects is expected")
        # rdflib would load it from any address, and from files of this machine.
        if (elsewhere := next(_contexts_elsewhere(content), None)) is not None:
            raise UserError(
                f"{path}: its @context is at {elsewhere} and is not downloaded: write the "
                "context itself into the file, or convert the file to Turtle"
            )
        to_rdf(content, cast("Dataset", graph), base=_BASE)


def _json_documents(text: str) -> Iterator[Any]:
    """Yield the one document of a file, or one for each line, as some large files have them."""
    lines = text.split("\n")
    if not _is_json(next(filter(str.strip, lines), "")):
        yield json.loads(text)
        return
    start = 0
    for line in lines:
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                # With its place in the file.
                raise json.JSONDecodeError(error.msg, text, start + error.pos) from error
        start += len(line) + 1


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True


def _contexts_elsewhere(content: Any) -> Iterator[str]:
    """Yield the addresses of contexts that are not in the file."""
    rest = [content]
    while rest:
        node = rest.pop()
        if isinstance(node, list):
            rest += node
        elif isinstance(node, dict):
            rest += node.values()
            contexts = node.get("@context")
            for one in contexts if isinstance(contexts, list) else [contexts]:
                address = one.get("@import") if isinstance(one, dict) else one
                if isinstance(address, str):
                    yield address


def _sniffed(path: Path) -> str:
    with opened(path) as stream:
        start = stream.read(_BEGINNING).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"<?xml", b"<rdf:", b"<!")):
        return "xml"
    # A list of blank nodes in Turtle begins with a bracket too.
    return "json-ld" if _JSON_LD.match(start) and _KEYWORDS.search(start) else "turtle"


def _why(path: Path, syntax: str, error: Exception) -> str:
    what = f"not {_NAMES[syntax]}"
    if isinstance(error, UnicodeDecodeError):
        return f"{path}: {what}: byte {error.start + 1} is not UTF-8"
    if isinstance(error, SAXParseException):
        return f"{path}, line {error.getLineNumber()}: {what}: {error.getMessage()}"
    if isinstance(error, SAXException):
        return f"{path}: {what}: {error.getMessage()}"
    if isinstance(error, json.JSONDecodeError):
        return f"{path}, line {error.lineno}: {what}: {error.msg}"
    if isinstance(error, RecursionError):
        return f"{path}: {what}: nested too deeply"
    message = " ".join(str(error).split("\n")) if syntax in ("nt", "nquads") else str(error)
    if isinstance(error, SyntaxError):
        reason = _TURTLE_REASON.search(message)
        told = reason[1] if reason else message.splitlines()[0]
        return f"{path}, line {getattr(error, 'lines', 0) + 1}: {what}: {told}"
    place = _PLACE.match(message)
    where = f"{path}, line {place[1]}" if place else str(path)
    return f"{where}: {what}: {message[place.end() if place else 0 :][:200]}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the warnings of rdflib about unusual addresses and dates."""
    logger = logging.getLogger("rdflib")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


class _Counted:
    """A stream without its byte order mark that reports how much of it was read."""

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None]) -> None:
        self._stream, self._advance = stream, advance
        self._at_start = True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._advance(len(data))
        if self._at_start:
            self._at_start = False
            # The parsers of N-Triples and N-Quads take it for a character.
            data = data.removeprefix(codecs.BOM_UTF8)
        return data

    def close(self) -> None:
        """Leave the stream open: the code that opened it closes it."""
