"""What a comparator is given, and what it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmtx_search.evaluation.metrics.all import Output
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.training.settings import FineTuning


@dataclass(frozen=True)
class Bench:
    """The same for all comparators: labels, documents, split, fine-tuning and seed.

    Attributes:
        documents: to rank labels for.
        training: all training documents; learn_from: those that a comparator learns from.
        learn_gold: their gold tags, for the ceiling alone; None where there are none.
        run: id and record of the training run that is compared; None: there is none.
        shortlist: labels of a shortlist, for whoever makes one.
        centered: shortlists are made of centered documents where labels are hubs, as the run's.
        judged: of how many documents the judge re-ranks the shortlist.
        prompt: the judge's.
        label_index: gives the label index that holds exactly these labels.
        folder: for what is made meanwhile; it is gone at the end.
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
    centered: bool
    judged: int
    prompt: str
    seed: int
    label_index: Callable[[], str]
    folder: Path


@dataclass(frozen=True, slots=True)
class Found:
    """What a comparator ranked, and what it cost.

    Attributes:
        output: rankings; only of ``sample``, where it did not rank all documents.
        learn_seconds: before the first document could be ranked; tag_seconds: to rank them.
        calls: answers of an LLM that were needed, also those that were there from before.
        note: a line for people.
    """

    output: Output
    learn_seconds: float = 0.0
    tag_seconds: float = 0.0
    calls: int = 0
    sample: tuple[str, ...] | None = None
    note: str = ""


class Comparator(ABC):
    """Ranks labels for the documents of a bench in one way."""

    def missing(self, bench: Bench) -> str | None:
        """Return why it cannot run here, or None."""
        return None

    def identity(self, bench: Bench) -> str:
        """Return what decides its result beside what is the same for all."""
        return ""

    @abstractmethod
    def run(self, bench: Bench, progress: Progress) -> Found:
        """Rank."""
        ...
