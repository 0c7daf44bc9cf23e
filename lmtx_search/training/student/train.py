"""Trains the student on learning targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.student.training_data import join_training_data, make_training_data
from lmtx_search.training.targets.learning_targets import LearningTargets


def train_student(
    base: Path,
    output: Path,
    documents: Sequence[Document],
    labels: Sequence[Label],
    targets: LearningTargets,
    settings: TrainingSettings,
    progress: Progress = SILENT,
    scored: tuple[Sequence[Document], LearningTargets] | None = None,
) -> tuple[int, float]:
    """Train the encoder in ``base`` and write it to ``output``; return (steps, last loss).

    Args:
        documents, targets: what the judge's answers teach, in all epochs of the settings.
        scored: further documents, which are seen once (``targets/scored_targets.py``).

    Raises:
        LmtxError: the loss became NaN or infinite; nothing is written.
    """
    # Imported here, because it needs torch.
    from lmtx_search.training.student.fine_tuning import fine_tune

    data = make_training_data(documents, labels, targets, settings)
    if scored is not None:
        once = replace(settings, fine_tuning=replace(settings.fine_tuning, epochs=1))
        more = make_training_data(scored[0], labels, scored[1], once)
        data = join_training_data(data, more, settings.seed)
    with progress.stage("Train the encoder", len(data.steps), "documents") as advance:
        loss = fine_tune(base, output, data, settings.fine_tuning, settings.seed, advance)
    return len(data.steps), loss
