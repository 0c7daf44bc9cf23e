"""How many documents teach without the judge, so that this takes no longer than its budget."""

from __future__ import annotations

from dataclasses import dataclass

from lmtx_search.training.learning_costs import LearningCosts
from lmtx_search.training.settings import TrainingSettings

NAMED_SHARE = 0.5
"""The share of documents that name a label; in four data sets it is 0.2 to 0.6."""

LEAST = 500
"""Fewer documents may have too few that name a label (``named_stage.LEAST_DOCUMENTS``)."""

# Opening and exporting encoders, and comparing documents with each other, are not measured. They
# take about a tenth more.
_UNMEASURED = 1.1
# Numbers are rounded down to hundreds, because two measurements differ.
_ROUNDED_TO = 100


@dataclass(frozen=True, slots=True)
class LearningShare:
    """The documents that teach without the judge.

    Attributes:
        documents: their number: the first ones of the training documents.
        available: number of training documents.
        most: the largest number that the settings allow.
        budget: seconds that the settings allow (None: no limit).
        enough_for: number of documents that the budget is enough for (None: there is none, or
            nothing was measured).
        seconds: what learning from them takes (None: nothing was measured).
        seconds_for_all: what learning from all training documents would take (None: likewise).
    """

    documents: int
    available: int
    most: int
    budget: float | None
    enough_for: int | None = None
    seconds: float | None = None
    seconds_for_all: float | None = None


def is_measured(documents: int, training: TrainingSettings) -> bool:
    """Tell whether the number of documents that teach depends on the speed of the machine.

    Args:
        documents: number of training documents.
    """
    return (
        training.learning_budget is not None and min(documents, training.unjudged_documents) > LEAST
    )


def learning_share(
    documents: int, labels: int, training: TrainingSettings, costs: LearningCosts | None
) -> LearningShare:
    """Return how many documents teach without the judge.

    The budget is for the stage before the first cycle and for one cycle: reading, training, and
    embedding the labels with the encoder in between. No less than :data:`LEAST` documents teach.

    Args:
        documents, labels: the numbers of training documents and labels.
        costs: None: not measured (:func:`is_measured`).
    """
    budget = training.learning_budget
    every = min(documents, training.unjudged_documents)
    if costs is None:
        return LearningShare(every, documents, training.unjudged_documents, budget)
    once = labels * costs.label
    # The untrained encoder reads one window of a document, and the one that scores reads all.
    reading = (1 + training.fine_tuning.windows) * costs.read
    each = reading + NAMED_SHARE * costs.named + costs.all
    chosen, enough_for = every, None
    if budget is not None:
        enough_for = max(0, int((budget / _UNMEASURED - once) / each))
        if enough_for < every:
            rounded = enough_for // _ROUNDED_TO * _ROUNDED_TO
            chosen = max(min(every, LEAST), rounded)
    return LearningShare(
        documents=chosen,
        available=documents,
        most=training.unjudged_documents,
        budget=budget,
        enough_for=enough_for,
        seconds=_UNMEASURED * (once + chosen * each),
        seconds_for_all=_UNMEASURED * (once + documents * each),
    )


def in_words(share: LearningShare) -> str:
    """Return how many documents teach, why not all of them, and how all of them would."""
    takes = "" if share.seconds is None else f", which takes {_minutes(share.seconds)}"
    teach = "training documents teach without the judge"
    if share.documents == share.available:
        return f"All {share.available:,} {teach}{takes}"
    start = f"{share.documents:,} of {share.available:,} {teach}{takes}"
    for_all = "" if share.seconds_for_all is None else f" ({_minutes(share.seconds_for_all)})"
    more = f"To use all: `train --unjudged-documents {share.available}`{for_all}"
    if share.documents == share.most or share.budget is None or share.enough_for is None:
        return f"{start}: `train --unjudged-documents` is {share.most}. {more}"
    budget = f"`train --learning-budget {_in_units(share.budget)}`"
    if share.documents <= share.enough_for:
        return f"{start}: as many as {budget} is enough for on this machine. {more}"
    return (
        f"{start}: {budget} is enough for only {share.enough_for:,} on this machine, and fewer "
        f"than {LEAST} teach too little. To spend less: a smaller encoder (--encoder), or "
        f"`train --unjudged-documents 0`, with which only judged documents teach. {more}"
    )


def _minutes(seconds: float) -> str:
    return f"about {max(1, round(seconds / 60)):,} min"


def _in_units(seconds: float) -> str:
    return f"{seconds / 60:g}m" if seconds >= 60 else f"{seconds:g}s"
