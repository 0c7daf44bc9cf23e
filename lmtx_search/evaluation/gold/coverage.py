"""Matches gold tags with documents and labels, and selects those that can be measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import Gold
from lmtx_search.untouched import Untouched


@dataclass(frozen=True, slots=True)
class CollectedGold:
    """Documents with gold tags by id, and their tags.

    Attributes:
        unknown: ids that have gold tags but no document in the file.
        repeated: number of repeated ids (the last document counts).
        untouched: number of documents that are never touched, which are left out.
        bad_lines: number of lines that are not documents.
        unnamed: number of documents that the gold tags do not name, and the first of them.
    """

    documents: dict[str, Document]
    gold: dict[str, AbstractSet[str]]
    unknown: list[str]
    repeated: int
    bad_lines: int
    untouched: int = 0
    unnamed: tuple[int, str] = (0, "")


def collect_gold(
    items: Iterable[Document | BadLine],
    gold: Gold,
    untouched: Untouched | None = None,
    with_sources: bool = False,
) -> CollectedGold:
    """Read documents and their gold tags. A malformed line also counts as a row.

    Args:
        untouched: documents that are left out (None: none).
        with_sources: keep the fields of documents, which takes memory.

    Raises:
        UserError: the gold tags belong to other documents.
    """
    documents: dict[str, Document] = {}
    right: dict[str, AbstractSet[str]] = {}
    rows = repeated = bad = 0
    never: set[str] = set()
    unnamed: tuple[int, str] = (0, "")
    for row, item in enumerate(items):
        rows = row + 1
        if isinstance(item, BadLine):
            bad += 1
        elif (tags := gold.tags(row, item)) is not None:
            if untouched is not None and untouched.matches(item.source):
                never.add(item.id)
                continue
            repeated += item.id in documents
            source = item.source if with_sources else {}
            documents[item.id] = Document(item.id, item.text, source)
            right[item.id] = tags
        else:
            unnamed = unnamed[0] + 1, unnamed[1] or item.id
    unused = gold.unused(rows, documents.keys() | never)
    return CollectedGold(documents, right, unused, repeated, bad, len(never), unnamed)


@dataclass(frozen=True, slots=True)
class UsableGold:
    """The gold tags of the documents that can be measured, and what was left out.

    Gold labels outside the label set stay: no system can find them, so they count as missed.
    Documents without any gold label of the label set are left out (``without_tags``).
    """

    gold: dict[str, set[str]]
    unknown_documents: list[str]
    unknown_labels: list[str]
    without_tags: list[str]


def usable_gold(
    gold: Mapping[str, AbstractSet[str]],
    labels: AbstractSet[str],
    unknown_documents: Sequence[str] = (),
) -> UsableGold:
    """Select the documents with gold tags of the label set.

    Raises:
        UserError: there are none.
    """
    if not gold and unknown_documents:
        raise UserError(
            f"none of the gold file's documents is among those to measure (the first: "
            f"{unknown_documents[0]}): do the ids match?"
        )
    used: set[str] = set().union(*gold.values())
    if not used:
        raise UserError("not one document has a gold tag")
    unknown_labels = sorted(used - labels)
    if len(unknown_labels) == len(used):
        first = unknown_labels[0]
        raise UserError(
            f"none of the gold labels is in the label set (the first: {first}): do the ids match?"
            + (" Row numbers need the labels file (--labels)" if first.isdecimal() else "")
        )
    measurable = {document: set(right) for document, right in gold.items() if right & labels}
    without = sorted(gold.keys() - measurable.keys())
    return UsableGold(measurable, list(unknown_documents), unknown_labels, without)


def named(ids: Sequence[str], most: int = 3) -> str:
    """Return a count with the first few names, such as ``12 (a, b, c, …)``."""
    more = ", …" if len(ids) > most else ""
    return f"{len(ids):,} ({', '.join(ids[:most])}{more})"
