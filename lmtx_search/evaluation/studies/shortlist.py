"""How many labels of its shortlist a document is judged with (j of the paper)."""

from __future__ import annotations

from dataclasses import replace

from lmtx_search.evaluation.studies.base import Point, Study, number
from lmtx_search.settings import Settings
from lmtx_search.training.settings import TrainingSettings


def _vary(settings: Settings, training: TrainingSettings, value: str) -> Point:
    """Shorter shortlists are the beginnings of longer ones: their answers are there already."""
    size = number(value, "a shortlist of")
    return Point(value, settings, replace(training, shortlist=size, pairs_per_document=size))


SHORTLIST = Study("labels of a shortlist", ("1", "3", "5", "10", "20"), _vary)
