"""What comparators that learn have in common: the product's own fine-tuning, then ranking."""

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
from lmtx_search.evaluation.comparators.base import Bench, Found
from lmtx_search.evaluation.metrics.all import Output
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
    bench: Bench,
    base: Path,
    documents: Sequence[Document],
    labels: Sequence[Label],
    positives: Mapping[str, Mapping[str, float]],
    output: Path,
    progress: Progress,
    tuning: FineTuning | None = None,
) -> Path:
    """Fine-tune ``base`` as LMTX does, on given positives; return ``output``.

    Args:
        positives: by document id, label ids with their weight where positives are drawn weighted;
            a label that weighs 0 is never drawn, and no negative either.

    Raises:
        MissingExtra: torch is not installed.
    """
    if find_spec("sentence_transformers") is None:
        raise MissingExtra("train", "Learning")
    training = TrainingSettings(seed=bench.seed, fine_tuning=tuning or bench.tuning)
    targets = LearningTargets(
        positives={
            document: frozenset(of_labels) for document, of_labels in positives.items() if of_labels
        },
        evidence=positives,
    )
    train_student(base, output, documents, labels, targets, training, progress)
    return output


def shortlists(
    bench: Bench, folder: Path | None, documents: Sequence[Document], k: int, progress: Progress
) -> dict[str, Ranking]:
    """Return the k nearest labels of documents by the encoder in a folder (None: the settings').

    They are those that the run's judge would have been shown.
    """
    settings = _own_cache(bench) if folder else bench.settings
    tuning = bench.tuning
    reads_labels = load_encoder(settings, folder=folder, max_tokens=tuning.label_tokens)
    reads_documents = load_encoder(settings, folder=folder, max_tokens=tuning.document_tokens)
    ids = [label.id for label in bench.labels]
    with progress.stage("Embed labels", len(ids), "labels") as advance:
        labels = embed_labels(reads_labels, bench.labels, advance)
    shortlister = open_shortlister(
        reads_documents,
        search_in(labels, ids),
        k,
        documents=bench.training,
        labels=len(ids),
        centered=bench.centered,
        progress=progress,
    )
    with progress.stage("Make shortlists", len(documents), "documents") as advance:
        for _ in shortlister.shortlists(documents):
            advance(1)
    return shortlister.rankings


def ranked(
    bench: Bench, folder: Path, name: str, started: float, progress: Progress, note: str = ""
) -> Found:
    """Rank with the encoder in a folder, which is removed; ``started`` is when learning began."""
    settings = _own_cache(bench)
    # Its ONNX form is made as part of the learning.
    load_encoder(settings, folder=folder, max_tokens=settings.encoder.label_tokens)
    learned = time.monotonic()
    system = systems.encoder(settings, bench.labels, EncoderSource(folder, name), name)
    output = Output(system.rank(bench.documents, progress).rankings)
    found = Found(
        output,
        learn_seconds=learned - started,
        tag_seconds=time.monotonic() - learned,
        note=note,
    )
    shutil.rmtree(bench.folder, ignore_errors=True)
    return found


def few(bench: Bench, count: int, what: str) -> str | None:
    """Return that there are too few ``what`` to learn from, or None."""
    batch = bench.tuning.batch_size
    return f"{count:,} {what} are fewer than a batch of {batch}" if count < batch else None


def _own_cache(bench: Bench) -> Settings:
    """Encoders that are made for a comparison leave nothing in the product's cache."""
    return bench.settings.model_copy(update={"cache_dir": bench.folder / "cache"})
