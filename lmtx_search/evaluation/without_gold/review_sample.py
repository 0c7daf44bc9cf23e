"""What is looked at to tell without gold tags how good a system is: its first labels, near misses.

A judge and a person are shown the same: `evaluate --by-judge` and `review` draw documents in the
same order, so that what a person has checked is a random part of what the judge is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.evaluation.systems import System
from lmtx_search.judges.base import Pair
from lmtx_search.progress import Progress
from lmtx_search.records import BadLine, Document, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import read_documents
from lmtx_search.training.sampling import sample_documents

FIRST = 5
NEAR = 5


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A document, its first five labels, and the next five that it was not given as tags."""

    document: Document
    first: tuple[str, ...]
    near: tuple[str, ...]

    def pairs(self, labels: Mapping[str, Label]) -> list[Pair]:
        """Return each label once, as a pair; those that are not in the label set are left out."""
        ids = dict.fromkeys((*self.first, *self.near))
        return [
            Pair(self.document, labels[label], rank)
            for rank, label in enumerate(ids)
            if label in labels
        ]


def draw(settings: Settings, file: Path, most: int, seed: int) -> list[Document]:
    """Return documents of a file that have text, in the order that the seed decides.

    Raises:
        UserError: there is none.
    """
    fields = settings.documents
    items = read_documents(file, fields.id_field, fields.text_fields)
    documents = {item.id: item for item in items if not isinstance(item, BadLine)}
    drawn = sample_documents(documents.values(), most, seed)
    if not drawn:
        raise UserError(f"{file} has no document with text in {', '.join(fields.text_fields)}")
    return drawn


def look(system: System, documents: Sequence[Document], progress: Progress) -> list[LookedAt]:
    """Let a system rank labels for documents, and take what is to be looked at."""
    output = system.rank(documents, progress)
    found = []
    for document in documents:
        ranking = list(output.rankings.get(document.id, ()))
        tags = set(ranking[:FIRST] if output.tags is None else output.tags.get(document.id, ()))
        near = [label for label in ranking if label not in tags][:NEAR]
        found.append(LookedAt(document, tuple(ranking[:FIRST]), tuple(near)))
    return found
