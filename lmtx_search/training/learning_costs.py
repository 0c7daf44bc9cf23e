"""Measures, in seconds, how long this machine takes to learn from a document."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.passages import label_passage
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.training.resources import LoadEncoder
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.targets.soft_targets import LABELS_PER_DOCUMENT, TEMPERATURE

# Texts of each kind that are read.
_TEXTS = 64
# Documents in a measured step. A whole batch takes a minute with a large encoder on two cores; in
# a step of eight documents, each takes 1.7 times as long as in a whole batch.
_PART = 16
# Measured steps end after so many seconds, or after so many rounds of three steps.
_SECONDS = 8.0
_ROUNDS = 10
# How unevenly labels are among the best of documents: the exponent of a Zipf distribution. In three
# data sets (155 to 1,004 labels), this gives 99 to 128 % of the labels that a batch really has.
_UNEVEN = 0.7


@dataclass(frozen=True, slots=True)
class LearningCosts:
    """What learning from all documents takes, in seconds.

    Attributes:
        read: to read a document with the encoder (one window).
        label: to embed a label.
        named: to train on a document that names a label.
        all: to train on a document and its likely labels.
    """

    read: float
    label: float
    named: float
    all: float


def measure_learning_costs(
    load: LoadEncoder,
    base: Path,
    labels: Sequence[Label],
    documents: Sequence[Document],
    tuning: FineTuning,
    progress: Progress = SILENT,
) -> LearningCosts:
    """Read some texts and train some small steps, for some seconds. Nothing is kept.

    Args:
        load: loads the encoder in a folder, with the number of tokens that it reads of a text.
        base: folder of the encoder that would be trained.
        labels, documents: all of them, documents in a random order.

    Raises:
        MissingExtra: torch is not installed.
    """
    some = documents[:_TEXTS]
    names = labels[:: -(-len(labels) // _TEXTS)]
    stage = "Measure how fast this machine reads"
    with progress.stage(stage, len(some) + len(names), "texts") as advance:
        reads_documents = load(base, tuning.document_tokens)
        reads_labels = load(base, tuning.label_tokens)
        started = time.monotonic()
        reads_documents.encode([document.text for document in some], on_batch=advance)
        documents_read = time.monotonic()
        embed_labels(reads_labels, names, advance)
        labels_read = time.monotonic()
        texts = _of_mean_length(reads_documents.beginnings([document.text for document in some]))
    with progress.stage("Measure how fast this machine trains", unit="steps") as advance:
        step, named, on_all = _steps(base, texts, names, len(labels), tuning, advance)
    part = min(_PART, tuning.batch_size)
    update = step / tuning.batch_size
    return LearningCosts(
        read=(documents_read - started) / len(some),
        label=(labels_read - documents_read) / len(names),
        named=update + max(0.0, named - step) / part,
        all=update + max(0.0, on_all - step) / part,
    )


def labels_of_batch(labels: int, documents: int) -> float:
    """Return about how many different labels are the best ones of a batch of documents.

    Args:
        labels: the size of the label set.

    >>> round(labels_of_batch(450, 32))
    156
    """
    shares = np.arange(1, labels + 1) ** -_UNEVEN
    shares /= shares.sum()
    return float((1 - (1 - shares) ** (documents * LABELS_PER_DOCUMENT)).sum())


def _of_mean_length(texts: Sequence[str]) -> list[str]:
    """Return the texts of a step: those whose length is nearest to the mean.

    A training has texts of similar length in a batch. Any others would be padded to the longest.
    """
    mean = sum(map(len, texts)) / len(texts)
    return sorted(texts, key=lambda text: abs(len(text) - mean))[:_PART]


class _Measured(Exception):
    """Ends a training when enough of its steps were measured."""


def _steps(
    base: Path,
    documents: Sequence[str],
    labels: Sequence[Label],
    label_count: int,
    tuning: FineTuning,
    advance: Callable[[int], None],
) -> tuple[float, float, float]:
    """Return the seconds of three steps: with next to no text, by names, and on all documents.

    The first one is what a step costs whatever is read, mainly the update of the weights.
    """
    # Imported here, because it needs torch.
    from lmtx_search.training.student.distillation import DistillationData, distil

    batch = tuning.batch_size
    part = min(_PART, batch)
    in_a_part = round(labels_of_batch(label_count, batch) * part / batch)
    texts: list[str] = []
    best = []
    of_round = [documents[row % len(documents)] for row in range(part)]
    for _ in range(_ROUNDS):
        texts += [*of_round, *of_round, *["a"] * part]
        for different in (part, max(1, in_a_part), 1):
            compared = np.arange(min(different, len(labels)))
            best.append(np.resize(compared, (part, LABELS_PER_DOCUMENT)))
    data = DistillationData(
        texts,
        [label_passage(label) for label in labels],
        np.zeros((len(texts), len(labels)), dtype=np.float32),
        np.concatenate(best),
        TEMPERATURE,
    )
    ends: list[float] = []

    def on_step(_: int) -> None:
        ends.append(time.monotonic())
        advance(1)
        # The first step includes everything that is set up once, and is not measured.
        if len(ends) == len(best) or (len(ends) > 3 and ends[-1] - ends[0] > _SECONDS):
            raise _Measured

    small = replace(tuning, batch_size=part)
    with TemporaryDirectory() as folder, suppress(_Measured):
        distil(base, Path(folder) / "encoder", data, small, seed=0, on_step=on_step)
    took = np.diff(ends)
    on_all, empty, named = (float(np.median(took[kind::3])) for kind in range(3))
    # A step by names has fewer texts: if it took longer, other programs disturbed it.
    return empty, min(named, on_all), on_all
