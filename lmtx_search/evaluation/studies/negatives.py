"""Study: which labels a document is pushed away from."""

from __future__ import annotations

from dataclasses import replace

from lmtx_search.errors import find_named
from lmtx_search.evaluation.studies.base import Point, Study
from lmtx_search.settings import Settings
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.settings import TrainingSettings


def _vary(settings: Settings, training: TrainingSettings, value: str) -> Point:
    find_named("negatives", NEGATIVES, value)
    tuning = replace(training.fine_tuning, negatives=value)
    # What all documents teach has no negatives.
    return Point(value, settings, replace(training, fine_tuning=tuning, unjudged_documents=0))


NEGATIVE_SAMPLING = Study("negative sampling", tuple(NEGATIVES), _vary)
