"""The options of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """The options of a comparison.

    Attributes:
        labels: a file of labels, in place of the labels of the cluster.
        train: a file of training documents, in place of those of the cluster.
        run: the training run (None: the last one).
        learn_from: number of training documents (None: as many as the run learned from, or 1,000).
        judged: number of documents whose shortlist the judge re-ranks.
        seed: None takes the run's seed.
    """

    labels: Path | None = None
    train: Path | None = None
    run: str | None = None
    learn_from: int | None = None
    judged: int = 50
    seed: int | None = None
