"""One cycle of LMTX: shortlist, judge, train, measure (Zhang, Ullah, Babbar, arXiv 2406.09288)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lmtx_search.encoder.nearest import nearest
from lmtx_search.errors import UserError
from lmtx_search.judges.base import Judge
from lmtx_search.judges.budget import Budget
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.training.development import Development, measure_development
from lmtx_search.training.judging import Judged, Store, judge_pairs
from lmtx_search.training.positives import pseudo_positives, yes_threshold
from lmtx_search.training.sampling import training_order
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Ranking, Search, Shortlister, pairs

LoadEncoder = Callable[[Path, int], Encoder]
"""Loads the encoder in a folder; the number is how many tokens it reads of a text."""


@dataclass(frozen=True)
class Materials:
    """What a cycle works with.

    Attributes:
        base: folder of the encoder that is trained, anew in each cycle.
        encoder, search: the current encoder and its label index, which make the shortlists.
        passages: what the encoder reads of each label.
        development: documents held out of training.
    """

    base: Path
    encoder: Encoder
    search: Search
    load_encoder: LoadEncoder
    labels: Sequence[Label]
    passages: Sequence[str]
    training: Sequence[Document]
    development: Sequence[Document]
    judge: Judge
    store: Store


@dataclass
class CycleResult:
    """What a cycle did. ``seconds`` are by stage; ``yes_from`` is the P(yes) of a yes."""

    judged: Judged
    yes_from: float
    positives: dict[str, frozenset[str]]
    steps: int
    loss: float
    development: Development
    seconds: dict[str, float] = field(default_factory=dict)


def run_cycle(
    materials: Materials, settings: TrainingSettings, output: Path, progress: Progress = SILENT
) -> CycleResult:
    """Run one cycle and write the trained encoder to ``output``.

    Raises:
        LmtxError: the judge failed, or training did.
        UserError: the judge says the same to everything, or the budget is too small.
    """
    clock = _Clock()
    labels = {label.id: label for label in materials.labels}
    shortlister = Shortlister(materials.encoder, materials.search, settings.shortlist)
    training_budget, development_budget = split(settings.budget, settings.development_share)

    with clock.stage("judge"):
        judged = judge_pairs(
            materials.judge,
            materials.store,
            (
                pairs(document, ranking, labels, settings.pairs_per_document)
                for document, ranking in shortlister.shortlists(materials.training)
            ),
            training_budget,
            f"Judge pairs (at most {training_budget})",
            progress,
        )
    clock.seconds["shortlist"] = shortlister.seconds
    clock.seconds["judge"] -= shortlister.seconds
    yes_from = yes_threshold(judged.p_yes, settings.sure_share)
    positives = pseudo_positives(judged.p_yes, yes_from)
    if len(positives) < 2:
        raise UserError(f"only {len(positives)} documents were judged: raise --judge-budget")
    with clock.stage("train"):
        steps, loss = train(materials, positives, settings, output, progress)
    with clock.stage("embed held-out"):
        before = {d.id: r for d, r in shortlister.shortlists(materials.development)}
        after = _rankings(materials, output, settings, progress)
    with clock.stage("judge held-out"):
        development = measure_development(
            materials.judge,
            materials.store,
            materials.development,
            before,
            after,
            labels,
            yes_from=yes_from,
            pairs_per_document=settings.development_pairs,
            budget=development_budget,
            progress=progress,
        )
    return CycleResult(judged, yes_from, positives, steps, loss, development, clock.seconds)


def train(
    materials: Materials,
    positives: dict[str, frozenset[str]],
    settings: TrainingSettings,
    output: Path,
    progress: Progress = SILENT,
) -> tuple[int, float]:
    """Train the base encoder on the pseudo-positives; return (steps, last loss)."""
    from lmtx_search.training.finetune import fine_tune  # torch: only when it is needed

    position = {label.id: row for row, label in enumerate(materials.labels)}
    documents = [document for document in materials.training if document.id in positives]
    rows = [frozenset(position[label] for label in positives[d.id]) for d in documents]
    steps = training_order(rows, settings.fine_tuning.epochs, settings.seed)
    with progress.stage("Train the encoder", len(steps), "documents") as advance:
        loss = fine_tune(
            materials.base,
            output,
            [document.text for document in documents],
            materials.passages,
            rows,
            steps,
            settings.fine_tuning,
            settings.seed,
            advance,
        )
    return len(steps), loss


def split(budget: Budget, share: float) -> tuple[Budget, Budget]:
    """Split the judge's budget between training and held-out documents."""
    if budget.calls is not None:
        held_out = round(share * budget.calls)
        return Budget(calls=budget.calls - held_out), Budget(calls=held_out)
    if budget.seconds is not None:
        held_out_seconds = share * budget.seconds
        return Budget(seconds=budget.seconds - held_out_seconds), Budget(seconds=held_out_seconds)
    return budget, budget


def _rankings(
    materials: Materials, folder: Path, settings: TrainingSettings, progress: Progress
) -> dict[str, Ranking]:
    """Rank the labels for the development documents with the trained encoder."""
    reads_labels = materials.load_encoder(folder, settings.fine_tuning.label_tokens)
    reads_documents = materials.load_encoder(folder, settings.fine_tuning.document_tokens)
    development = materials.development
    total = len(materials.passages) + len(development)
    with progress.stage("Embed with the trained encoder", total, "texts") as advance:
        label_vectors = reads_labels.encode(materials.passages)
        advance(len(materials.passages))
        vectors = reads_documents.encode([document.text for document in development])
        advance(len(development))
    ids = [label.id for label in materials.labels]
    found = nearest(vectors, label_vectors, ids, settings.shortlist)
    return {document.id: ranking for document, ranking in zip(development, found, strict=True)}


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
