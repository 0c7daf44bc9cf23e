"""The settings of the training run under comparison, which apply to all comparators that learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lmtx_search.training.settings import FineTuning, TrainingSettings


def settings_of_run(record: Mapping[str, Any]) -> TrainingSettings:
    """Return the settings of a training run, as far as comparators need them.

    Args:
        record: of the run, also of an earlier release.
    """
    recorded = record["settings"]
    return TrainingSettings(
        shortlist=recorded["shortlist"],
        prompt=recorded["prompt"],
        most_development=recorded["most_development"],
        most_documents=recorded["most_documents"],
        retrieval=recorded.get("retrieval", "dense"),
        centered=recorded.get("centered", False),
        spared=recorded.get("spared", 1.1),
        unjudged_documents=recorded.get("unjudged_documents", 0),
        words=recorded.get("words", 0.0),
        seed=recorded["seed"],
        fine_tuning=FineTuning(**recorded["fine_tuning"]),
    )


def with_unjudged_documents(
    training: TrainingSettings, default: TrainingSettings
) -> TrainingSettings:
    """Return settings by which documents that are not judged teach, and words count.

    Args:
        default: its numbers are taken where ``training`` learns from judged documents alone.
    """
    if training.unjudged_documents:
        return training
    return replace(training, unjudged_documents=default.unjudged_documents, words=default.words)
