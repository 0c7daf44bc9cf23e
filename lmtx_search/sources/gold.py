"""Gold tags. They are used only for measuring, never for training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Protocol

from lmtx_search.errors import UserError
from lmtx_search.records import Document
from lmtx_search.sources.lines import read_lines
from lmtx_search.sources.xmc import is_xmc, read_xmc


class Gold(Protocol):
    """Returns the gold tags of the documents of a file, in the order of reading."""

    def tags(self, row: int, document: Document) -> AbstractSet[str] | None:
        """Return the label ids of a document, row ``row`` (from 0) of its file; None: unknown."""
        ...

    def unused(self, rows: int, seen: AbstractSet[str]) -> list[str]:
        """Return the ids of documents with gold tags that were not among those read.

        Args:
            rows: how many documents the file had.
            seen: the ids of those that have gold tags.

        Raises:
            UserError: the gold tags belong to another file.
        """
        ...


def open_gold(path: Path, label_ids: Sequence[str] | None = None) -> TsvGold | XmcGold:
    """Read a file of gold tags: a TSV file, or one of the Extreme Classification Repository.

    Args:
        path: the file. The second kind is recognised by its header, three numbers.
        label_ids: the ids for the row numbers of the second kind; None: the row numbers are ids.

    Raises:
        UserError: the file does not exist, or has another form.
    """
    if is_xmc(path):
        return XmcGold(path, label_ids)
    return TsvGold(path)


class TsvGold:
    """Gold tags by document id."""

    def __init__(self, path: Path) -> None:
        self._table = read_gold(path)
        if not self._table:
            raise UserError(
                f"{path}: the gold file is empty: lines of document id, tab, label id are expected"
            )

    def tags(self, row: int, document: Document) -> AbstractSet[str] | None:
        """Look up the document's id."""
        return self._table.get(document.id)

    def unused(self, rows: int, seen: AbstractSet[str]) -> list[str]:
        """Return the ids that no document had."""
        return sorted(self._table.keys() - seen)

    def label_sets(self) -> Iterable[AbstractSet[str]]:
        """Return the gold tags of each document."""
        return self._table.values()


class XmcGold:
    """Gold tags by the documents' order; see :func:`lmtx_search.sources.xmc.read_xmc`."""

    def __init__(self, path: Path, label_ids: Sequence[str] | None) -> None:
        self._path = path
        found = read_xmc(path)
        if label_ids is not None and found.labels != len(label_ids):
            raise UserError(
                f"{path} is about {found.labels:,} labels, but the labels file has "
                f"{len(label_ids):,}: its row numbers belong to other labels"
            )
        self._rows = found.rows
        self._ids = label_ids

    def tags(self, row: int, document: Document) -> AbstractSet[str] | None:
        """Return the row; None after the last."""
        return self._named(self._rows[row]) if row < len(self._rows) else None

    def unused(self, rows: int, seen: AbstractSet[str]) -> list[str]:
        """Refuse a different number of documents, which would get wrong tags."""
        if rows != len(self._rows):
            raise UserError(
                f"{self._path} has {len(self._rows):,} documents, but {rows:,} were read: both "
                "must hold the same documents in the same order"
            )
        return []

    def label_sets(self) -> Iterable[AbstractSet[str]]:
        """Return the gold tags of each row, also of those without any."""
        return map(self._named, self._rows)

    def _named(self, row: Sequence[int]) -> set[str]:
        return {str(label) if self._ids is None else self._ids[label] for label in row}


def read_gold(path: Path) -> dict[str, set[str]]:
    """Read a TSV file (document id, tab, label id; also ``.gz``) as label ids by document id.

    Raises:
        UserError: no such file, or a line that is not two ids.
        LmtxError: a damaged gzip file.
    """
    gold: dict[str, set[str]] = {}
    for number, line in read_lines(path):
        if not line.strip():
            continue
        document, tab, label = line.partition("\t")
        if not tab or not document.strip() or not label.strip() or "\t" in label:
            raise UserError(
                f"{path}, line {number}: a document id, a tab and a label id are expected"
            )
        gold.setdefault(document, set()).add(label.strip())
    return gold
