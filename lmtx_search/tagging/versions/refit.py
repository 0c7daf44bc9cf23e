"""What answers that came after a training run changed in a tagger version."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refit:
    """The offsets of labels, the threshold and the calibration were fitted anew for a version.

    Attributes:
        labels: number of labels with an offset.
        answers: number of answers that they were fitted to.
        by_people: number of those that people gave.
        new: number of answers that are new, changed or withdrawn since the training run.
    """

    labels: int
    answers: int
    by_people: int
    new: int

    def __str__(self) -> str:
        return (
            f"Offsets of {self.labels:,} labels were fitted anew from {self.answers:,} answers, "
            f"{self.by_people:,} of them by people"
        )
