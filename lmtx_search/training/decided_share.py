"""Decides once how many documents teach without the judge, before the first stage of a run.

The number depends on how fast the machine was at that moment. It is therefore kept beside what is
finished, so that a stopped run continues with the same number, and so does a `train` that takes
over what `judge` left.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from lmtx_search.progress import Progress
from lmtx_search.training.learning_costs import measure_learning_costs
from lmtx_search.training.learning_share import (
    LearningShare,
    in_words,
    is_measured,
    learning_share,
)
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import TrainingSettings

_FILE = "learning_share.json"


def decide_share(
    resources: RunResources, settings: TrainingSettings, folder: Path, progress: Progress
) -> tuple[TrainingSettings, LearningShare | None]:
    """Return the settings with the number of documents that teach without the judge, and why.

    Args:
        folder: of the state of the run. The decision is kept in it, and taken from it.

    Returns:
        The settings as they are, and None, if only judged documents teach.

    Raises:
        MissingExtra: torch is not installed.
    """
    if not settings.unjudged_documents:
        return settings, None
    share = read_share(folder)
    if share is None:
        documents, costs = resources.training, None
        if is_measured(len(documents), settings):
            costs = measure_learning_costs(
                resources.load_encoder,
                resources.base,
                resources.labels,
                documents,
                settings.fine_tuning,
                progress,
            )
        share = learning_share(len(documents), len(resources.labels), settings, costs)
        _write(folder, share)
    progress.note(in_words(share))
    return replace(settings, unjudged_documents=share.documents), share


def read_share(folder: Path) -> LearningShare | None:
    """Return the decision that is kept in the folder of a state (None: there is none)."""
    file = folder / _FILE
    if not file.is_file():
        return None
    return LearningShare(**json.loads(file.read_text(encoding="utf-8")))


def copy_share(source: Path, target: Path) -> None:
    """Let the state in another folder begin with the same decision."""
    share = read_share(source)
    if share is not None:
        _write(target, share)


def _write(folder: Path, share: LearningShare) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{_FILE}.part"
    partial.write_text(json.dumps(asdict(share)), encoding="utf-8")
    partial.replace(folder / _FILE)
