"""Measures how fast this machine judges, embeds and trains, on a few of the user's texts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lmtx_search.encoder.export import ensure_onnx
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.passages import label_passage
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.training.learning_costs import LearningCosts, measure_learning_costs
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import pairs
from lmtx_search.training.student.training_data import TrainingData

_DOCUMENTS = 24
_LABELS = 128
_JUDGED_DOCUMENTS = 3
_STEPS = 3


@dataclass(frozen=True, slots=True)
class Speeds:
    """Measured speeds.

    Attributes:
        pairs: judged pairs per second.
        documents, labels: embedded texts of each kind per second.
        training: documents per second in one epoch of training.
        start: seconds before the first step of a training.
        export: seconds to make the ONNX form of a trained encoder.
        form_bytes: size of that form.
        learning: what a document costs that teaches without the judge (None: none does).
    """

    pairs: float
    documents: float
    labels: float
    training: float
    start: float
    export: float
    form_bytes: int
    learning: LearningCosts | None = None


def measure_speeds(
    settings: Settings,
    training: TrainingSettings,
    base: Path,
    judge: OrderedJudge,
    labels: Sequence[Label],
    documents: Sequence[Document],
    progress: Progress = SILENT,
) -> Speeds:
    """Do a small part of each step of a training, and discard the results.

    Args:
        base: folder of the encoder that would be trained.
        labels, documents: all of them. The first few documents and some of the labels are used.

    Raises:
        LmtxError: the judge or the training failed.
        MissingExtra: torch is not installed.
    """
    tuning = training.fine_tuning
    few = documents[:_DOCUMENTS]
    some = labels[:: max(1, len(labels) // _LABELS)]
    by_id = {label.id: label for label in some}
    with progress.stage("Try the encoder", len(few) + len(some), "texts") as advance:
        reads_labels = load_encoder(settings, folder=base, max_tokens=tuning.label_tokens)
        reads_documents = load_encoder(settings, folder=base, max_tokens=tuning.document_tokens)
        started = time.monotonic()
        vectors = embed_labels(reads_labels, some, advance)
        labels_done = time.monotonic()
        embedded = reads_documents.encode([d.text for d in few], on_batch=advance)
        documents_done = time.monotonic()
    rankings = nearest(embedded, vectors, [label.id for label in some], training.shortlist)
    asked = [
        pairs(document, ranking, by_id, training.pairs_per_document)
        for document, ranking in zip(few, rankings, strict=True)
    ][: _JUDGED_DOCUMENTS + 1]
    with progress.stage("Try the judge", sum(map(len, asked)), "pairs") as advance:
        for _ in judge.ask(asked[0]):  # this loads the model if necessary
            advance(1)
        judging = time.monotonic()
        answers = 0
        for _ in judge.ask(pair for of_document in asked[1:] or asked for pair in of_document):
            answers += 1
            advance(1)
        judged = time.monotonic()
    rate, start, export, size = _train(base, few, some, tuning, progress)
    learning = None
    if training.unjudged_documents:
        learning = measure_learning_costs(
            lambda folder, tokens: load_encoder(settings, folder=folder, max_tokens=tokens),
            base,
            labels,
            documents,
            tuning,
            progress,
        )
    return Speeds(
        pairs=answers / _least(judged - judging),
        documents=len(few) / _least(documents_done - labels_done),
        labels=len(some) / _least(labels_done - started),
        training=rate,
        start=start,
        export=export,
        form_bytes=size,
        learning=learning,
    )


def _train(
    base: Path,
    documents: Sequence[Document],
    labels: Sequence[Label],
    tuning: FineTuning,
    progress: Progress,
) -> tuple[float, float, float, int]:
    """Train some steps; return documents/s, seconds to start and to export, and form bytes."""
    # Imported here, because it needs torch.
    from lmtx_search.training.student.fine_tuning import fine_tune

    batch = tuning.batch_size
    data = TrainingData(
        documents=[document.text for document in documents],
        labels=[label_passage(label) for label in labels],
        never_negative=[frozenset({row % len(labels)}) for row in range(len(documents))],
        steps=[(number % len(documents), number % len(labels)) for number in range(_STEPS * batch)],
    )
    ends = []
    with (
        TemporaryDirectory() as folder,
        progress.stage("Try the training", len(data.steps), "documents") as advance,
    ):

        def on_step(count: int) -> None:
            ends.append(time.monotonic())
            advance(count)

        started = time.monotonic()
        fine_tune(base, Path(folder) / "encoder", data, tuning, seed=0, on_step=on_step)
        exporting = time.monotonic()
        form = ensure_onnx(Path(folder) / "encoder", Path(folder))
        export = time.monotonic() - exporting
        size = sum(path.stat().st_size for path in form.rglob("*") if path.is_file())
    # The first step includes everything that is set up once.
    each = float(np.mean(np.diff(ends)))
    return batch / _least(each), max(0.0, ends[0] - started - each), export, size


def _least(seconds: float) -> float:
    return max(1e-6, seconds)
