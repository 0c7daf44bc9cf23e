"""What a training will cost: calls, seconds and bytes, from its settings and measured speeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lmtx_search.judges.budget import Budget
from lmtx_search.training.centering import SAMPLE
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.speeds import Speeds

# A judgment with its three digests, as it is stored.
_JUDGMENT_BYTES = 500


@dataclass(frozen=True, slots=True)
class Sizes:
    """What there is: numbers, and bytes of the label index and of the base encoder's weights."""

    labels: int
    documents: int
    held_out: int
    dimension: int
    label_index_bytes: int
    encoder_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a training will do and cost.

    Attributes:
        all_calls: calls that would judge everything, in one cycle.
        calls, judged_documents: what fits into the budget, all cycles together.
        limited: whether the budget is less than everything.
        seconds: by stage, all cycles together.
        bytes: by what is written.
    """

    all_calls: int
    calls: int
    judged_documents: int
    limited: bool
    seconds: Mapping[str, float]
    bytes: Mapping[str, int]

    @property
    def total_seconds(self) -> float:
        """Of all stages."""
        return sum(self.seconds.values())


def estimate(sizes: Sizes, training: TrainingSettings, speeds: Speeds) -> Estimate:
    """Work out what a training will cost.

    Every document is taken to be asked about all its pairs (what the order ``exhaustive`` does;
    the others ask fewer), no answer to be known already, and all cycles to be run.
    """
    per_document = training.pairs_per_document
    # The untrained encoder's first label is judged besides the trained one's.
    held_out_calls = sizes.held_out * (training.development_pairs + 1)
    all_calls = sizes.documents * per_document + held_out_calls
    most = _most_calls(training.budget, speeds.pairs)
    everything = training.cycles * all_calls
    limited = most is not None and most < everything
    calls = everything if most is None else min(most, everything)
    learning = calls - min(held_out_calls, round(training.development_share * calls))
    in_a_cycle = min(sizes.documents, math.ceil(learning / training.cycles / per_document))
    seconds = {
        "judge": calls / speeds.pairs,
        "embed": _embedding(sizes, training, speeds, in_a_cycle),
        "train": _training(sizes, training, speeds, in_a_cycle),
    }
    return Estimate(
        all_calls=all_calls,
        calls=calls,
        judged_documents=min(sizes.documents, in_a_cycle * training.cycles),
        limited=limited,
        seconds=seconds,
        bytes=_bytes(sizes, training, speeds, calls),
    )


def _most_calls(budget: Budget, pairs_per_second: float) -> int | None:
    if budget.calls is not None:
        return budget.calls
    return None if budget.seconds is None else int(budget.seconds * pairs_per_second)


def _embedding(sizes: Sizes, training: TrainingSettings, speeds: Speeds, in_a_cycle: int) -> float:
    """Shortlists, the center, and labels and held-out documents by each trained encoder."""
    center = min(SAMPLE, sizes.documents) if training.centered else 0
    documents = max(in_a_cycle, center) + 2 * sizes.held_out
    each = documents / speeds.documents + sizes.labels / speeds.labels + speeds.export
    return training.cycles * each


def _training(sizes: Sizes, training: TrainingSettings, speeds: Speeds, in_a_cycle: int) -> float:
    """Each cycle trains anew, on all that was judged so far."""
    total = 0.0
    for cycle in range(1, training.cycles + 1):
        documents = min(sizes.documents, in_a_cycle * cycle)
        total += speeds.start + documents * training.fine_tuning.epochs / speeds.training
    return total


def _bytes(sizes: Sizes, training: TrainingSettings, speeds: Speeds, calls: int) -> dict[str, int]:
    # In later cycles, and after a deployment, the label index is written once more.
    copies = 1 if training.cycles == 1 else 2
    return {
        "label index": copies * sizes.label_index_bytes,
        "judgments": calls * _JUDGMENT_BYTES,
        "runs": sizes.encoder_bytes,
        "encoders in ONNX": training.cycles * speeds.form_bytes,
        "tagger": sizes.labels * sizes.dimension * 4,
    }
