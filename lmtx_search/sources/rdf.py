"""RDF files (RDF/XML, Turtle, N-Triples), with one clear line where one cannot be read."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from xml.sax import SAXException, SAXParseException

from lmtx_search.errors import LmtxError, MissingExtra, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.sources.rows import ending, opened

if TYPE_CHECKING:
    from rdflib import Graph

_SYNTAXES = {
    **dict.fromkeys((".ttl", ".turtle", ".n3"), "turtle"),
    **dict.fromkeys((".rdf", ".xml", ".owl"), "xml"),
    ".nt": "nt",
}
_NAMES = {"turtle": "Turtle", "xml": "RDF/XML", "nt": "N-Triples"}
_TURTLE_REASON = re.compile(r"Bad syntax \((.*?)\) at \^", re.DOTALL)
_PLACE = re.compile(r".*?:(\d+):\d+: ", re.DOTALL)


def read_graph(path: Path, progress: Progress = SILENT) -> Graph:
    """Read a file (also ``.gz``) as a whole; a name that does not tell its syntax is no obstacle.

    Raises:
        UserError: no such file, or not as it should be, with the line.
        LmtxError: a damaged gzip file.
        MissingExtra: rdflib is not installed.
    """
    try:
        from rdflib import Graph
    except ImportError as error:
        raise MissingExtra("skos", "reading SKOS") from error
    graph = Graph()
    size = path.stat().st_size if path.is_file() and path.suffix != ".gz" else None
    with opened(path) as stream, progress.stage(f"Read {path.name}", size, "bytes") as advance:
        syntax = _SYNTAXES.get(ending(path)) or _sniffed(path)
        counted = _Counted(stream, advance)
        with _quiet():
            try:
                graph.parse(cast("BinaryIO", counted), format=syntax, publicID="thesaurus:")
            except (LmtxError, OSError, EOFError):
                raise
            except Exception as error:
                raise UserError(_why(path, syntax, error)) from error
    return graph


def _sniffed(path: Path) -> str:
    with opened(path) as stream:
        start = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    return "xml" if start.startswith((b"<?xml", b"<rdf:", b"<!")) else "turtle"


def _why(path: Path, syntax: str, error: Exception) -> str:
    what = f"not {_NAMES[syntax]}"
    if isinstance(error, UnicodeDecodeError):
        return f"{path}: {what}: byte {error.start + 1} is not UTF-8"
    if isinstance(error, SAXParseException):
        return f"{path}, line {error.getLineNumber()}: {what}: {error.getMessage()}"
    if isinstance(error, SAXException):
        return f"{path}: {what}: {error.getMessage()}"
    message = str(error)
    if isinstance(error, SyntaxError):
        reason = _TURTLE_REASON.search(message)
        told = reason[1] if reason else message.splitlines()[0]
        return f"{path}, line {getattr(error, 'lines', 0) + 1}: {what}: {told}"
    place = _PLACE.match(message)
    where = f"{path}, line {place[1]}" if place else str(path)
    return f"{where}: {what}: {message[place.end() if place else 0 :][:200]}"


@contextmanager
def _quiet() -> Iterator[None]:
    """rdflib warns of every odd address and date."""
    logger = logging.getLogger("rdflib")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


class _Counted:
    """A stream that tells how much of it was read."""

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None]) -> None:
        self._stream, self._advance = stream, advance

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._advance(len(data))
        return data

    def close(self) -> None:
        """Leave it to whoever opened it."""
