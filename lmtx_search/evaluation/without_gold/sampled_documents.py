"""A sample of documents with a system's first labels and near misses, for judges and people.

`evaluate --by-judge` and `review` draw documents in the same order. The pairs that a person has
checked are therefore a random part of the pairs that the judge is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmtx_search.errors import UserError
from lmtx_search.evaluation.systems import System
from lmtx_search.judges.base import Pair
from lmtx_search.progress import Progress
from lmtx_search.records import BadLine, Document, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile
from lmtx_search.training.sampling import sample_documents
from lmtx_search.untouched import left_out

FIRST = 5
NEAR = 5


@dataclass(frozen=True, slots=True)
class SampledDocument:
    """A document with a system's first five labels, and the next five that are not its tags."""

    document: Document
    first: tuple[str, ...]
    near: tuple[str, ...]

    def pairs(self, labels: Mapping[str, Label]) -> list[Pair]:
        """Return a pair for each label of the label set, without repetitions."""
        ids = dict.fromkeys((*self.first, *self.near))
        return [
            Pair(self.document, labels[label], rank)
            for rank, label in enumerate(ids)
            if label in labels
        ]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Documents that were drawn.

    Attributes:
        untouched: number of documents that were left out because they are never touched: they get
            no tags.
        bad_lines: number of malformed lines.
        repeated: number of repeated ids (the last document counts).
        without_text: number of documents without text, which were left out.
        file_notes: sentences about the file, and what its reader left out.
    """

    documents: list[Document]
    untouched: int
    bad_lines: int = 0
    repeated: int = 0
    without_text: int = 0
    file_notes: Sequence[str] = ()

    def note(self) -> str | None:
        """Return what was left out, for people (None: nothing)."""
        notes = [*self.file_notes, *([left_out(self.untouched)] if self.untouched else [])]
        counts = {
            "Malformed lines that were skipped": self.bad_lines,
            "Repeated document ids (the last document counts)": self.repeated,
            "Documents without text that were left out": self.without_text,
        }
        notes += [f"{what}: {count:,}" for what, count in counts.items() if count]
        return "; ".join(notes) or None


def draw(settings: Settings, file: DocumentFile, most: int, seed: int) -> Drawn:
    """Draw documents with text from a file, in an order that the seed decides.

    Raises:
        UserError: no other document has text.
    """
    fields = settings.documents
    documents: dict[str, Document] = {}
    never: set[str] = set()
    bad = repeated = 0
    for item in file:
        if isinstance(item, BadLine):
            bad += 1
            continue
        if fields.untouched is not None and fields.untouched.matches(item.source):
            never.add(item.id)
        else:
            repeated += item.id in documents
            documents[item.id] = item
    drawn = sample_documents(documents.values(), most, seed)
    if not drawn:
        but = " that may be tagged (documents.untouched_query)" if never else ""
        raise UserError(
            f"{file.path} has no document with text in {', '.join(fields.text_fields)}{but}"
        )
    # Their fields tell the groups that the rules of a tagger apply to.
    drawn = [documents[one.id] for one in drawn]
    textless = sum(not one.text.strip() for one in documents.values())
    return Drawn(drawn, len(never), bad, repeated, textless, file.last_read.lines())


def sample_labels(
    system: System, documents: Sequence[Document], progress: Progress
) -> list[SampledDocument]:
    """Rank labels for documents with a system, and select the labels to check.

    What is to be known about the output is a note of ``progress``.
    """
    output = system.rank(documents, progress)
    if output.note:
        progress.note(output.note)
    samples = []
    for document in documents:
        ranking = list(output.rankings.get(document.id, ()))
        tags = set(ranking[:FIRST] if output.tags is None else output.tags.get(document.id, ()))
        near = [label for label in ranking if label not in tags][:NEAR]
        samples.append(SampledDocument(document, tuple(ranking[:FIRST]), tuple(near)))
    return samples
