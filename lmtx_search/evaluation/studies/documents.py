"""Study: how many training documents are judged and learned from."""

from __future__ import annotations

from dataclasses import replace

from lmtx_search.evaluation.studies.base import Point, Study, number
from lmtx_search.settings import Settings
from lmtx_search.training.settings import TrainingSettings


def _vary(settings: Settings, training: TrainingSettings, value: str) -> Point:
    """Vary the sample. Smaller samples are parts of larger ones and share their answers."""
    most = number(value, "documents")
    return Point(f"{most:,}", settings, replace(training, most_documents=most))


DOCUMENTS = Study("training documents", ("100", "300", "1000"), _vary)
