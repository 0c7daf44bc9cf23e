"""Study: how many labels of its shortlist are judged for a document (j in the paper)."""

from __future__ import annotations

from dataclasses import replace

from lmtx_search.evaluation.studies.base import Point, Study, number
from lmtx_search.settings import Settings
from lmtx_search.training.settings import TrainingSettings


def _vary(settings: Settings, training: TrainingSettings, value: str) -> Point:
    """Vary the shortlist. Short ones are the beginnings of longer ones and share their answers."""
    size = number(value, "a shortlist of")
    return Point(value, settings, replace(training, shortlist=size, pairs_per_document=size))


SHORTLIST = Study("labels of a shortlist", ("1", "3", "5", "10", "20"), _vary)
