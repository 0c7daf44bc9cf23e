"""Study: what each further cycle adds."""

from __future__ import annotations

from dataclasses import replace

from lmtx_search.evaluation.studies.base import Point, Study, number
from lmtx_search.settings import Settings
from lmtx_search.training.settings import TrainingSettings


def _vary(settings: Settings, training: TrainingSettings, value: str) -> Point:
    """Return one training with at most ``value`` cycles, measured after each."""
    return Point(value, settings, replace(training, cycles=number(value, "cycles")))


CYCLES = Study("cycle", ("4",), _vary, by_cycle=True)
