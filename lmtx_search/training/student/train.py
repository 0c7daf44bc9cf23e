"""Trains the student on what judged documents teach, or on what all documents teach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np

from lmtx_search.encoder.passages import label_passage
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.training.sampling import shuffled_by_length
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.student.training_data import make_training_data
from lmtx_search.training.targets.learning_targets import LearningTargets
from lmtx_search.training.targets.soft_targets import (
    LABELS_PER_DOCUMENT,
    TEMPERATURE,
    SoftTargets,
    without_some_names,
)


def train_student(
    base: Path,
    output: Path,
    documents: Sequence[Document],
    labels: Sequence[Label],
    targets: LearningTargets,
    settings: TrainingSettings,
    progress: Progress = SILENT,
) -> tuple[int, float]:
    """Train the encoder in ``base`` and write it to ``output``; return (steps, last loss).

    Args:
        documents, targets: what the judge's answers teach, in all epochs of the settings.

    Raises:
        LmtxError: the loss became NaN or infinite; nothing is written.
    """
    # Imported here, because it needs torch.
    from lmtx_search.training.student.fine_tuning import fine_tune

    data = make_training_data(documents, labels, targets, settings)
    with progress.stage("Train the encoder", len(data.steps), "documents") as advance:
        loss = fine_tune(base, output, data, settings.fine_tuning, settings.seed, advance)
    return len(data.steps), loss


def train_on_all(
    base: Path,
    output: Path,
    targets: SoftTargets,
    settings: TrainingSettings,
    progress: Progress = SILENT,
) -> tuple[int, float]:
    """Train the encoder in ``base`` on all documents of the targets, each once.

    Returns and raises: see :func:`train_student`.
    """
    # Imported here, because it needs torch.
    from lmtx_search.training.student.distillation import DistillationData, distil

    texts = [document.text for document in targets.documents]
    random = Random(f"{settings.seed} all")
    order = shuffled_by_length(texts, settings.fine_tuning.batch_size, random)
    scores = targets.scores[order]
    b = min(LABELS_PER_DOCUMENT, scores.shape[1])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :b]
    data = DistillationData(
        without_some_names(
            [targets.documents[row] for row in order], targets.labels, best, settings.seed
        ),
        [label_passage(label) for label in targets.labels],
        scores,
        best.astype(np.int64),
        TEMPERATURE,
    )
    with progress.stage("Train the encoder on all documents", len(order), "documents") as advance:
        loss = distil(base, output, data, settings.fine_tuning, settings.seed, advance)
    return len(order), loss
