"""The sources of gold tags for an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies
from lmtx_search.records import BadLine, Document, Label
from lmtx_search.sources import DocumentFile, FieldGold, Gold, open_gold, read_labels
from lmtx_search.sources.document_formats import document_format
from lmtx_search.sources.rows import ending, is_row_file


@dataclass(frozen=True, slots=True)
class GoldFiles:
    """The gold tags that a user gives.

    Attributes:
        file: a file of gold tags.
        field: the field of the documents that contains them, in place of a file.
        labels: the label file whose rows are meant by the numbers of a repository file.
        train: gold tags of training documents, whose label counts identify rare labels.
        format: the format of files of documents (None: by their names).
        everything: read also what is left out of them otherwise, such as internal notes.

    Raises:
        UserError: neither a file nor a field is given, or both.
    """

    file: Path | None = None
    field: str | None = None
    labels: Path | None = None
    train: Path | None = None
    format: str | None = None
    everything: bool = False

    def __post_init__(self) -> None:
        if (self.file is None) == (self.field is None):
            raise UserError(
                "give the gold tags as a file (--gold) or as a field of the documents "
                "(--gold-field)"
            )

    @property
    def in_documents(self) -> bool:
        """Whether the training documents themselves contain their gold tags."""
        train = self.train
        if train is None:
            return False
        if train.is_dir() or is_row_file(train):
            return True
        if self.field is None or self.format is not None:
            return self.field is not None
        # Gold tags by document id have this ending too.
        if ending(train) == ".tsv":
            return False
        try:
            document_format(train)
        except UserError:
            return False
        return True

    def documents(
        self, file: Path, id_field: str = "id", text_fields: Sequence[str] = ()
    ) -> DocumentFile:
        """Return a file of training documents under these options."""
        return DocumentFile(
            file,
            self.format,
            id_field=id_field,
            text_fields=text_fields,
            everything=self.everything,
        )


def read_noted(file: DocumentFile, notes: list[str]) -> Iterator[Document]:
    """Yield the documents of a file, and add notes at its end on what was left out."""
    bad = repeated = 0
    ids: set[str] = set()
    for item in file:
        if isinstance(item, BadLine):
            bad += 1
            continue
        repeated += item.id in ids
        ids.add(item.id)
        yield item
    notes += [f"{file.path.name}: {line}" for line in file.last_read.lines()]
    if bad:
        notes.append(f"{file.path.name}: malformed lines that were skipped: {bad:,}")
    if repeated:
        notes.append(f"{file.path.name}: repeated document ids: {repeated:,}")


@dataclass(frozen=True, slots=True)
class OpenedGold:
    """Gold tags, and what is known from those of training documents.

    Attributes:
        frequencies: the label counts of the training gold (None: not given).
        notes: what was left out of the training gold, in sentences.
    """

    tags: Gold
    frequencies: Frequencies | None = None
    notes: Sequence[str] = ()


def open_gold_files(files: GoldFiles, labels: Sequence[Label]) -> OpenedGold:
    """Return the gold tags, and the label counts of the training gold.

    Raises:
        UserError: a file is malformed, or belongs to other labels.
    """
    ids = None if files.labels is None else [label.id for label in read_labels(files.labels)]
    gold: Gold
    if files.field is not None:
        gold = FieldGold(files.field, labels)
    else:
        assert files.file is not None
        gold = open_gold(files.file, ids)
    if files.train is None:
        return OpenedGold(gold)
    notes: list[str] = []
    if not files.in_documents:
        sets = open_gold(files.train, ids).label_sets()
    elif isinstance(gold, FieldGold):
        sets = gold.label_sets_of(read_noted(files.documents(files.train), notes))
    else:
        raise UserError(f"{files.train}: name the field of the gold tags with --gold-field")
    frequencies = Frequencies.of(sets)
    if not any(label.id in frequencies.counts for label in labels):
        raise UserError(f"{files.train} has no gold tag of the label set: do the ids match?")
    return OpenedGold(gold, frequencies, notes)
