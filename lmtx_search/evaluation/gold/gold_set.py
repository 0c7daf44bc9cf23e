"""What systems are measured on: documents, their gold tags, and how rare labels are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.evaluation.gold.coverage import UsableGold, collect_gold, named, usable_gold
from lmtx_search.evaluation.gold.files import GoldFiles, open_gold_files
from lmtx_search.evaluation.metrics.head_tail import PRECISIONS
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies
from lmtx_search.evaluation.metrics.measure import Weighing, weigh
from lmtx_search.evaluation.metrics.ranking import DEPTH
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import read_documents


@dataclass(frozen=True, slots=True)
class GoldSet:
    """Documents with gold tags that fit the label set, and what was left out.

    ``counted`` says whose label counts rare labels are told by; ``propensity`` are A and B.
    """

    documents: list[Document]
    labels: int
    usable: UsableGold
    weighing: Weighing
    propensity: tuple[float, float]
    counted: str
    repeated: int
    bad_lines: int

    @property
    def textless(self) -> int:
        """Documents without text."""
        return sum(not document.text.strip() for document in self.documents)


def open_gold_set(
    settings: Settings, file: Path, gold: GoldFiles, labels: Sequence[Label]
) -> GoldSet:
    """Read documents and their gold tags.

    Raises:
        UserError: gold tags that do not fit the documents or the label set, or no file.
    """
    tags, frequencies = open_gold_files(gold, labels)
    fields = settings.documents
    collected = collect_gold(read_documents(file, fields.id_field, fields.text_fields), tags)
    fits = usable_gold(collected.gold, {label.id for label in labels}, collected.unknown)
    a, b = settings.evaluation.propensity_a, settings.evaluation.propensity_b
    return GoldSet(
        documents=[collected.documents[id_] for id_ in fits.gold],
        labels=len(labels),
        usable=fits,
        weighing=weigh(frequencies or Frequencies.of(fits.gold.values()), a, b),
        propensity=(a, b),
        counted=f"the training gold, {gold.train}" if gold.train else "the gold itself",
        repeated=collected.repeated,
        bad_lines=collected.bad_lines,
    )


def notes(measured_on: GoldSet) -> list[str]:
    """Return what was left out, and what the measures could not look at."""
    fits = measured_on.usable
    lines = []
    if fits.unknown_documents:
        lines.append(f"Left out: gold for unknown documents: {named(fits.unknown_documents)}")
    if fits.without_tags:
        lines.append(
            f"Left out: documents without a gold tag of the label set: {named(fits.without_tags)}"
        )
    if fits.unknown_labels:
        lines.append(f"Never to be found: gold labels unknown: {named(fits.unknown_labels)}")
    if measured_on.repeated:
        lines.append(f"Document ids that came again: {measured_on.repeated:,} (the last counts)")
    if measured_on.bad_lines:
        lines.append(f"Malformed lines passed over: {measured_on.bad_lines:,}")
    if measured_on.textless:
        lines.append(
            f"Documents without text, for which nothing is found: {measured_on.textless:,}"
        )
    if measured_on.labels < DEPTH:
        short = measured_on.labels < max(PRECISIONS)
        lines.append(
            f"There are {measured_on.labels:,} labels: R@{DEPTH} looks at all of them"
            + (f", and P@{max(PRECISIONS)} divides by {max(PRECISIONS)} all the same" * short)
        )
    return lines
