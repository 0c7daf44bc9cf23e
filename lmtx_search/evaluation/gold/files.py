"""Where an evaluation's gold tags come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies
from lmtx_search.records import Label
from lmtx_search.sources import FieldGold, Gold, open_gold, read_labels
from lmtx_search.sources.rows import is_row_file


@dataclass(frozen=True, slots=True)
class GoldFiles:
    """What a user gives: a ``file`` of gold tags, or a ``field`` of the documents.

    ``labels`` is the file whose rows the numbers of a repository file stand for; ``train`` the
    gold tags of other documents, whose label counts tell rare labels.

    Raises:
        UserError: neither a file nor a field, or both.
    """

    file: Path | None = None
    field: str | None = None
    labels: Path | None = None
    train: Path | None = None

    def __post_init__(self) -> None:
        if (self.file is None) == (self.field is None):
            raise UserError(
                "give the gold tags as a file (--gold) or as a field of the documents "
                "(--gold-field)"
            )


def open_gold_files(given: GoldFiles, labels: Sequence[Label]) -> tuple[Gold, Frequencies | None]:
    """Return the gold tags, and the label counts of the training gold where it is given.

    Raises:
        UserError: a file that is not as it should be, or of other labels.
    """
    ids = None if given.labels is None else [label.id for label in read_labels(given.labels)]
    gold: Gold
    if given.field is not None:
        gold = FieldGold(given.field, labels)
    else:
        assert given.file is not None
        gold = open_gold(given.file, ids)
    if given.train is None:
        return gold, None
    if not is_row_file(given.train):
        sets = open_gold(given.train, ids).label_sets()
    elif isinstance(gold, FieldGold):
        sets = gold.label_sets_of(given.train)
    else:
        raise UserError(f"{given.train}: which field holds the gold tags? Give --gold-field")
    frequencies = Frequencies.of(sets)
    if not any(label.id in frequencies.counts for label in labels):
        raise UserError(f"{given.train} has no gold tag of the label set: do the ids match?")
    return gold, frequencies
