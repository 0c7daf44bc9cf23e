"""Study: how the labels of a shortlist are found."""

from __future__ import annotations

from dataclasses import replace

from lmtx_search.errors import find_named
from lmtx_search.evaluation.studies.base import Point, Study
from lmtx_search.settings import Settings
from lmtx_search.training.retrieval import RETRIEVALS
from lmtx_search.training.settings import TrainingSettings


def _vary(settings: Settings, training: TrainingSettings, value: str) -> Point:
    find_named("retrieval", RETRIEVALS, value)
    return Point(value, settings, replace(training, retrieval=value))


RETRIEVAL = Study("retrieval of shortlists", tuple(RETRIEVALS), _vary)
