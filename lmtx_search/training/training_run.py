"""What a training returns to its caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What a training made and found; counts are of all cycles together.

    Attributes:
        run: its id, which ``deploy`` takes.
        encoder: the folder of the trained encoder.
        threshold: the score from which a label is assigned (cosine similarity plus evidence from
            words).
        kept_cycle: the number of the cycle whose encoder this is, from 1.
        stopped: why there was no further cycle.
        asked: questions to the judge.
        known: answers that were stored before and not asked again.
        documents: documents that the kept cycle was trained on.
        positives: pseudo-positives of these documents.
        llm_p1: the share of held-out documents whose first label the judge calls right; None if it
            was not measured.
        llm_p1_before: the same for the encoder before the kept cycle.
        seconds: how long each stage took.
        record: everything that is known of the run, as the index ``lmtx-runs`` keeps it.
    """

    run: str
    encoder: Path
    threshold: float
    kept_cycle: int
    stopped: str
    asked: int
    known: int
    documents: int
    positives: int
    llm_p1: float | None
    llm_p1_before: float | None
    seconds: Mapping[str, float]
    record: Mapping[str, Any]

    @classmethod
    def of(cls, run: str, record: Mapping[str, Any]) -> TrainingRun:
        """Return the run of this id from its record."""
        counts, measures = record["counts"], record["measures"]
        return cls(
            run=run,
            encoder=Path(record["encoder_path"]),
            threshold=record["threshold"],
            kept_cycle=record["kept_cycle"],
            stopped=record["stopped"],
            asked=counts["asked"],
            known=counts["known"],
            documents=counts["documents_with_positive"],
            positives=counts["positives"],
            llm_p1=measures["llm_p1"],
            llm_p1_before=measures["llm_p1_before"],
            seconds=record["seconds"],
            record=record,
        )
