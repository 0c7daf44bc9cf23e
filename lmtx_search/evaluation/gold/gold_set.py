"""The documents, gold tags and label counts that systems are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.errors import UserError
from lmtx_search.evaluation.gold.coverage import UsableGold, collect_gold, named, usable_gold
from lmtx_search.evaluation.gold.files import GoldFiles, open_gold_files
from lmtx_search.evaluation.metrics.head_tail import PRECISIONS
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies
from lmtx_search.evaluation.metrics.measure import Weighing, weigh
from lmtx_search.evaluation.metrics.ranking import DEPTH
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile
from lmtx_search.untouched import left_out


@dataclass(frozen=True, slots=True)
class GoldSet:
    """Documents with gold tags of the label set, and what was left out.

    Attributes:
        counted: the source of the label counts, for people.
        propensity: A and B of the propensity model.
        repeated: number of repeated document ids.
        bad_lines: number of malformed lines.
        untouched: number of documents that were left out because they are never touched.
        unnamed: number of documents that the gold tags do not name, and the first of them.
        file_notes: sentences about the file of documents and that of the training gold, and what
            their readers left out.
    """

    documents: list[Document]
    labels: int
    usable: UsableGold
    weighing: Weighing
    propensity: tuple[float, float]
    counted: str
    repeated: int
    bad_lines: int
    untouched: int = 0
    unnamed: tuple[int, str] = (0, "")
    file_notes: Sequence[str] = ()

    @property
    def textless(self) -> int:
        """Number of documents without text."""
        return sum(not document.text.strip() for document in self.documents)


def open_gold_set(
    settings: Settings,
    documents: DocumentFile,
    gold: GoldFiles,
    labels: Sequence[Label],
    *,
    with_sources: bool = False,
) -> GoldSet:
    """Read documents and their gold tags.

    Args:
        with_sources: keep the fields of documents, which rules about their groups need.

    Raises:
        UserError: the gold tags do not fit the documents or the labels, or a file is missing.
    """
    opened = open_gold_files(gold, labels)
    collected = collect_gold(documents, opened.tags, settings.documents.untouched, with_sources)
    if collected.untouched and not collected.gold:
        raise UserError(
            f"all {collected.untouched:,} documents with gold tags are never touched "
            "(documents.untouched_query), so the tagger does not tag them"
        )
    measurable = usable_gold(collected.gold, {label.id for label in labels}, collected.unknown)
    a, b = settings.evaluation.propensity_a, settings.evaluation.propensity_b
    return GoldSet(
        documents=[collected.documents[id_] for id_ in measurable.gold],
        labels=len(labels),
        usable=measurable,
        weighing=weigh(opened.frequencies or Frequencies.of(measurable.gold.values()), a, b),
        propensity=(a, b),
        counted=f"the training gold, {gold.train}" if gold.train else "the gold itself",
        repeated=collected.repeated,
        bad_lines=collected.bad_lines,
        untouched=collected.untouched,
        unnamed=collected.unnamed,
        file_notes=[*documents.last_read.lines(), *opened.notes],
    )


def notes(gold_set: GoldSet) -> list[str]:
    """Return notes on what was left out and on limits of the measures."""
    usable = gold_set.usable
    lines = [*gold_set.file_notes]
    if gold_set.untouched:
        lines.append(left_out(gold_set.untouched))
    count, first = gold_set.unnamed
    if count:
        lines.append(f"Left out: documents that the gold tags do not name: {count:,} ({first})")
    if usable.unknown_documents:
        lines.append(f"Left out: gold tags of unknown documents: {named(usable.unknown_documents)}")
    if usable.without_tags:
        lines.append(
            f"Left out: documents without a gold tag of the label set: {named(usable.without_tags)}"
        )
    if usable.unknown_labels:
        unknown = named(usable.unknown_labels)
        lines.append(f"Gold labels that are not in the label set (never found): {unknown}")
    if gold_set.repeated:
        lines.append(f"Repeated document ids: {gold_set.repeated:,} (the last document counts)")
    if gold_set.bad_lines:
        lines.append(f"Malformed lines that were skipped: {gold_set.bad_lines:,}")
    if gold_set.textless:
        lines.append(f"Documents without text, which get no labels: {gold_set.textless:,}")
    if gold_set.labels < DEPTH:
        short = gold_set.labels < max(PRECISIONS)
        lines.append(
            f"There are {gold_set.labels:,} labels: R@{DEPTH} includes all of them"
            + (f", and P@{max(PRECISIONS)} still divides by {max(PRECISIONS)}" * short)
        )
    return lines
