"""The data of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmtx_search.evaluation.report.answers import AnswerStatistics
from lmtx_search.evaluation.report.examples import Example
from lmtx_search.evaluation.report.health import Health
from lmtx_search.records import Label

Measures = Mapping[str, Any]
"""Value, low and high by measure."""


@dataclass(frozen=True)
class ReportData:
    """Everything that a report shows.

    Attributes:
        what: which documents were tagged.
        quality: measures by system, if there are gold tags.
        compared: record of the last comparison with this run.
        by_judge: record of the last estimate of this run without gold tags.
        deployed: record of the last deployment of this run.
        cycles: measures after each cycle, if the encoders of all cycles were kept.
        assigned: from which scores labels are applied and suggested, a sentence.
        people: number of answers of people that the run learned from (None: unknown).
        answer_notes: what was left out of the judge's answers.
    """

    run: str
    record: dict[str, Any]
    labels: Mapping[str, Label]
    documents: int
    what: str
    quality: dict[str, Measures]
    compared: dict[str, Any] | None
    by_judge: dict[str, Any] | None
    deployed: dict[str, Any] | None
    cycles: list[Measures]
    notes: list[str]
    answered: AnswerStatistics
    health: Health
    good: list[Example]
    bad: list[Example]
    assigned: str
    people: int | None
    answer_notes: Sequence[str] = ()
