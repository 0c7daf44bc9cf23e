"""Shared steps of comparators that learn: the product's own fine-tuning, then ranking."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.errors import MissingExtra
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import ComparatorResult, ComparisonContext
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import Ranking, search_in
from lmtx_search.training.student.train import train_student
from lmtx_search.training.targets.learning_targets import LearningTargets


def learn(
    context: ComparisonContext,
    base: Path,
    documents: Sequence[Document],
    labels: Sequence[Label],
    positives: Mapping[str, Mapping[str, float]],
    output: Path,
    progress: Progress,
    tuning: FineTuning | None = None,
    spared: Mapping[str, frozenset[str]] | None = None,
) -> Path:
    """Fine-tune ``base`` as LMTX does, on given positives; return ``output``.

    Args:
        positives: label ids with their weights, by document id. Weights matter only if positives
            are drawn by weight: a label with weight 0 is then never drawn, and it is no negative.
        spared: further labels that are no negatives, by document id.

    Raises:
        MissingExtra: torch is not installed.
    """
    if find_spec("sentence_transformers") is None:
        raise MissingExtra("train", "Learning")
    training = TrainingSettings(seed=context.seed, fine_tuning=tuning or context.tuning)
    targets = LearningTargets(
        positives={
            document: frozenset(of_labels) for document, of_labels in positives.items() if of_labels
        },
        evidence=positives,
        spared=spared or {},
    )
    train_student(base, output, documents, labels, targets, training, progress)
    return output


def shortlists(
    context: ComparisonContext,
    folder: Path | None,
    documents: Sequence[Document],
    k: int,
    progress: Progress,
) -> dict[str, Ranking]:
    """Return the k nearest labels of documents, as the judge of the run would have seen them.

    Args:
        folder: of the encoder (None: the encoder of the settings).
    """
    settings = _own_cache(context) if folder else context.settings
    tuning = context.tuning
    reads_labels = load_encoder(settings, folder=folder, max_tokens=tuning.label_tokens)
    reads_documents = load_encoder(settings, folder=folder, max_tokens=tuning.document_tokens)
    with progress.stage("Embed labels", len(context.labels), "labels") as advance:
        labels = embed_labels(reads_labels, context.labels, advance)
    shortlister = open_shortlister(
        reads_documents,
        search_in(labels, context.labels),
        k,
        documents=context.training,
        labels=len(context.labels),
        tokens=tuning.document_tokens,
        centered=context.centered,
        retrieval=context.retrieval,
        progress=progress,
    )
    with progress.stage("Make shortlists", len(documents), "documents") as advance:
        for _ in shortlister.shortlists(documents):
            advance(1)
    return shortlister.rankings


def ranked(
    context: ComparisonContext,
    folder: Path,
    name: str,
    started: float,
    progress: Progress,
    note: str = "",
) -> ComparatorResult:
    """Rank with the encoder in a folder, then remove the working folder.

    Args:
        started: when learning began.
    """
    source = EncoderSource(folder, name)
    found = rank_with(context, _own_cache(context), source, started, progress, note)
    shutil.rmtree(context.folder, ignore_errors=True)
    return found


def rank_with(
    context: ComparisonContext,
    settings: Settings,
    source: EncoderSource,
    started: float,
    progress: Progress,
    note: str = "",
) -> ComparatorResult:
    """Rank with an encoder that has learned.

    Args:
        settings: how texts are read, and where the ONNX form of the encoder is stored.
        started: when learning began.
    """
    # Making its ONNX form counts as learning.
    load_encoder(settings, folder=source.folder, max_tokens=settings.encoder.label_tokens)
    learned = time.monotonic()
    system = systems.encoder(settings, context.labels, source, source.name)
    output = Output(system.rank(context.documents, progress).rankings)
    return ComparatorResult(
        output,
        learn_seconds=learned - started,
        tag_seconds=time.monotonic() - learned,
        note=note,
    )


def few(context: ComparisonContext, count: int, what: str) -> str | None:
    """Return that there are too few ``what`` to learn from, or None."""
    batch = context.tuning.batch_size
    return f"{count:,} {what} are fewer than a batch of {batch}" if count < batch else None


def _own_cache(context: ComparisonContext) -> Settings:
    """Return settings with a temporary cache, so that nothing stays in the product's cache."""
    return context.settings.model_copy(update={"cache_dir": context.folder / "cache"})
