"""Gold tags against what there is: which of them can be measured."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lmtx_search.errors import UserError


@dataclass(frozen=True, slots=True)
class Usable:
    """The gold tags of known documents, and what was left out.

    A gold label that is not in the label set stays: no system can find it, and it counts as
    missed. A document whose labels are all unknown is left out.
    """

    gold: dict[str, set[str]]
    unknown_documents: list[str]
    unknown_labels: list[str]


def usable(
    gold: Mapping[str, AbstractSet[str]], documents: AbstractSet[str], labels: AbstractSet[str]
) -> Usable:
    """Compare gold tags with the documents and the label set.

    Raises:
        UserError: there are no gold tags, or none that fits.
    """
    if not gold:
        raise UserError("the gold file is empty: lines of document id, tab, label id are expected")
    unknown_documents = sorted(gold.keys() - documents)
    if len(unknown_documents) == len(gold):
        raise UserError(
            f"none of the gold file's documents is among those to measure (the first: "
            f"{unknown_documents[0]}): do the ids match?"
        )
    used = set().union(*gold.values())
    unknown_labels = sorted(used - labels)
    if len(unknown_labels) == len(used):
        raise UserError(
            f"none of the gold file's labels is in the label set (the first: {unknown_labels[0]}): "
            "do the ids match?"
        )
    kept = {
        document: set(right)
        for document, right in gold.items()
        if document in documents and right & labels
    }
    if not kept:
        raise UserError("no document to measure has a gold tag of the label set")
    return Usable(kept, unknown_documents, unknown_labels)


def named(ids: list[str], most: int = 3) -> str:
    """Return a count with the first few names: ``12 (a, b, c, …)``."""
    more = ", …" if len(ids) > most else ""
    return f"{len(ids):,} ({', '.join(ids[:most])}{more})"
