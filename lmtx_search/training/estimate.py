"""Estimates the cost of a training from its settings and measured speeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lmtx_search.judges.budget import Budget
from lmtx_search.training.centering import SAMPLE
from lmtx_search.training.document_order import MOST
from lmtx_search.training.learning_share import NAMED_SHARE
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.speeds import Speeds
from lmtx_search.training.static_encoder.settings import LEAST_DOCUMENTS, Distillation

# A judgment with its three digests, as it is stored.
_JUDGMENT_BYTES = 500


# Examples of an epoch that a static encoder learns from in a second: 36,000 took eight seconds of
# one core.
_STATIC_EXAMPLES = 4_500


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of labels and documents, and sizes of label index and base encoder.

    ``vocabulary`` is the number of tokens that the encoder knows.
    """

    labels: int
    documents: int
    held_out: int
    dimension: int
    label_index_bytes: int
    encoder_bytes: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """The work and cost of a training.

    Attributes:
        all_calls: calls that would judge everything in one cycle.
        calls, judged_documents: what fits into the budget, in all cycles together.
        limited: whether the budget is too small for everything.
        too_few: why the documents of the first cycle are too few to train on (None: they are
            enough), for an order that asks about all pairs of a document.
        seconds: by stage, for all cycles together.
        bytes: by kind of file.
        static_seconds: what `deploy --static` takes in addition (None: there are too few documents
            for it).
    """

    all_calls: int
    calls: int
    judged_documents: int
    limited: bool
    too_few: str | None
    seconds: Mapping[str, float]
    bytes: Mapping[str, int]
    static_seconds: float | None

    @property
    def total_seconds(self) -> float:
        """Seconds of all stages."""
        return sum(self.seconds.values())


def estimate(sizes: Sizes, training: TrainingSettings, speeds: Speeds) -> Estimate:
    """Estimate the cost of a training.

    The estimate assumes that every document is asked about all its pairs (as the order
    ``exhaustive`` does), that no answer is stored yet, and that all cycles run.
    """
    per_document = training.pairs_per_document
    held_out_calls = sizes.held_out * _held_out_pairs(sizes, training)
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
        too_few=_too_few(min(in_a_cycle, sizes.documents), sizes.documents, training, speeds),
        seconds=seconds,
        bytes=_bytes(sizes, training, speeds, calls),
        static_seconds=_static(sizes, speeds),
    )


def _held_out_pairs(sizes: Sizes, training: TrainingSettings) -> int:
    """Return how many labels of a held-out document are judged, if no two encoders agree.

    The first label of the untrained encoder is judged in addition to those of the trained one, and
    that of the encoder that names taught.
    """
    return training.development_pairs + 1 + bool(_all_documents(sizes, training))


def _too_few(
    in_a_cycle: int, available: int, training: TrainingSettings, speeds: Speeds
) -> str | None:
    least = min(training.least_documents, available)
    if in_a_cycle >= least:
        return None
    calls = least * training.pairs_per_document * training.cycles
    calls = math.ceil(calls / (1 - training.development_share))
    return (
        f"{in_a_cycle} documents in a cycle, and `train` needs {least} (--least-documents): "
        f"--judge-budget {math.ceil(calls / speeds.pairs / 60)}m or {calls} calls is enough"
    )


def _most_calls(budget: Budget, pairs_per_second: float) -> int | None:
    if budget.calls is not None:
        return budget.calls
    return None if budget.seconds is None else int(budget.seconds * pairs_per_second)


def _embedding(sizes: Sizes, training: TrainingSettings, speeds: Speeds, in_a_cycle: int) -> float:
    """Return seconds to embed for shortlists and center, and with each trained encoder."""
    center = min(SAMPLE, sizes.documents) if training.centered else 0
    ordered = 0 if training.document_order == "random" else min(MOST, sizes.documents)
    documents = max(in_a_cycle, center) + ordered + 2 * sizes.held_out
    # Each cycle scores and compares all documents.
    all_documents = _all_documents(sizes, training)
    documents += 2 * all_documents
    of_encoder = sizes.labels / speeds.labels + speeds.export
    each = documents / speeds.documents + of_encoder
    if not all_documents:
        return training.cycles * each
    # Before the first cycle, all are searched for names, and the encoder that these teach and the
    # untrained one rank the held-out documents.
    before = (all_documents + 2 * sizes.held_out) / speeds.documents + of_encoder
    return before + training.cycles * each


def _training(sizes: Sizes, training: TrainingSettings, speeds: Speeds, in_a_cycle: int) -> float:
    """Return seconds of training. Each cycle trains anew on all judged documents so far."""
    all_documents = _all_documents(sizes, training)
    if all_documents and speeds.learning is not None:
        before = all_documents * NAMED_SHARE * speeds.learning.named
        each = all_documents * speeds.learning.all
        return (training.cycles + 1) * speeds.start + before + training.cycles * each
    total = 0.0
    for cycle in range(1, training.cycles + 1):
        documents = min(sizes.documents, in_a_cycle * cycle)
        total += speeds.start + documents * training.fine_tuning.epochs / speeds.training
    return total


def _all_documents(sizes: Sizes, training: TrainingSettings) -> int:
    """Return the number of documents that teach, whether they are judged or not."""
    return min(sizes.documents, training.unjudged_documents)


def _static(sizes: Sizes, speeds: Speeds) -> float | None:
    """Return seconds to distil a static encoder: the trained one reads documents and all tokens."""
    documents = sizes.documents + sizes.held_out
    if documents < LEAST_DOCUMENTS:
        return None
    settings = Distillation()
    # Small collections are read in passages, too.
    passages = min(settings.texts - documents, documents * settings.passages_per_window)
    texts = documents + max(0, passages)
    reading = texts / speeds.documents + sizes.vocabulary / speeds.labels
    return reading + settings.epochs * texts / _STATIC_EXAMPLES


def _bytes(sizes: Sizes, training: TrainingSettings, speeds: Speeds, calls: int) -> dict[str, int]:
    # Later cycles, and trainings after a deployment, write the label index again.
    copies = 1 if training.cycles == 1 else 2
    return {
        "label index": copies * sizes.label_index_bytes,
        "judgments": calls * _JUDGMENT_BYTES,
        "runs": sizes.encoder_bytes,
        "encoders in ONNX": training.cycles * speeds.form_bytes,
        "tagger": sizes.labels * sizes.dimension * 4,
    }
