"""What a comparator is: its context, its result, and its interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmtx_search.evaluation.comparators.unjudged_training import UnjudgedTraining
from lmtx_search.evaluation.comparators.untrained import Untrained
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.training.settings import FineTuning


@dataclass(frozen=True)
class ComparisonContext:
    """What is the same for all comparators: labels, documents, split, fine-tuning and seed.

    Attributes:
        documents: the documents to rank labels for.
        training: all training documents.
        learn_from: the training documents that comparators learn from.
        learn_gold: their gold tags, which only the ceiling uses (None: there are none).
        run: id and record of the training run that is compared (None: there is none).
        shortlist: number of labels in a shortlist.
        retrieval: the strategy that finds the labels of a shortlist, as in the run.
        centered: whether shortlists are made of centered documents, as in the run.
        spared: whether labels of a shortlist that were not judged are no negatives, as in the run.
        judged: number of documents whose shortlist the judge re-ranks.
        prompt: of the judge.
        label_index: returns the label index that holds exactly these labels.
        untrained: embeds labels and documents with the untrained encoder, once for all comparators.
        unjudged: the training without a judge, which comparators carry out once between them.
        folder: for temporary files; it is removed at the end.
    """

    settings: Settings
    client: Any
    labels: Sequence[Label]
    documents: Sequence[Document]
    training: Sequence[Document]
    learn_from: Sequence[Document]
    learn_gold: Mapping[str, AbstractSet[str]] | None
    run: tuple[str, dict[str, Any]] | None
    tuning: FineTuning
    shortlist: int
    retrieval: str
    centered: bool
    spared: bool
    judged: int
    prompt: str
    seed: int
    label_index: Callable[[], str]
    untrained: Callable[[Progress], Untrained]
    unjudged: UnjudgedTraining
    folder: Path


@dataclass(frozen=True, slots=True)
class ComparatorResult:
    """What a comparator ranked, and what it cost.

    Attributes:
        output: the rankings.
        learn_seconds: time before the first document could be ranked.
        tag_seconds: time to rank the documents.
        calls: number of LLM answers used, including stored ones.
        sample: ids of the ranked documents (None: all of them).
        note: a line for people.
        judge: digest of the judge that answered ("": none did).
    """

    output: Output
    learn_seconds: float = 0.0
    tag_seconds: float = 0.0
    calls: int = 0
    sample: tuple[str, ...] | None = None
    note: str = ""
    judge: str = ""


class Comparator(ABC):
    """One way to rank labels for the documents of a comparison."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return the reason why it cannot run here, or None."""
        return None

    def identity(self, context: ComparisonContext) -> str:
        """Return what affects its result besides the context."""
        return ""

    def is_current(
        self, stored: ComparatorResult, context: ComparisonContext, progress: Progress
    ) -> bool:
        """Return whether a stored result with the same identity may be shown."""
        return True

    @abstractmethod
    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents of the context."""
        ...
