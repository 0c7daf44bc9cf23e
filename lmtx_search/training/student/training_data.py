"""The training data of the student: texts, steps and labels by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.encoder.passages import label_passage
from lmtx_search.errors import find_named
from lmtx_search.records import Document, Label
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.negatives.base import Pool, draw_extra_labels
from lmtx_search.training.positives import POSITIVES
from lmtx_search.training.sampling import training_order
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.targets.learning_targets import LearningTargets


@dataclass(frozen=True)
class TrainingData:
    """What the student is trained on. Documents and labels are named by position.

    Attributes:
        documents: the texts of the training documents.
        labels: the texts of all labels.
        never_negative: for each document, the labels that are no negatives of it.
        steps: (document, label) in the order of training: each time a document is seen, it is
            pulled towards this positive.
        extra: for each step, further labels that the strategy for negatives adds to the batch, the
            same number for every step. Empty if the strategy adds none.
    """

    documents: Sequence[str]
    labels: Sequence[str]
    never_negative: Sequence[frozenset[int]]
    steps: Sequence[tuple[int, int]]
    extra: Sequence[Sequence[int]] = ()


def make_training_data(
    documents: Sequence[Document],
    labels: Sequence[Label],
    targets: LearningTargets,
    settings: TrainingSettings,
) -> TrainingData:
    """Return the training data of the documents that have positives."""
    position = {label.id: place for place, label in enumerate(labels)}
    documents = [document for document in documents if document.id in targets.positives]
    evidence = [
        {position[label]: p for label, p in targets.evidence[document.id].items()}
        for document in documents
    ]
    positives = [
        frozenset(position[label] for label in targets.positives[document.id])
        for document in documents
    ]
    steps = training_order(
        [
            {label: of_labels[label] for label in own}
            for own, of_labels in zip(positives, evidence, strict=True)
        ],
        settings.fine_tuning.epochs,
        settings.seed,
        find_named("positives", POSITIVES, settings.fine_tuning.positives),
    )
    strategy = find_named("negatives", NEGATIVES, settings.fine_tuning.negatives)
    refused = [
        sorted(of_labels.keys() - own) for own, of_labels in zip(positives, evidence, strict=True)
    ]
    extra = draw_extra_labels(
        strategy,
        Pool(len(labels), positives, refused),
        [document for document, _ in steps],
        settings.seed,
    )
    never_negative = [
        own | {position[x] for x in targets.spared.get(document.id, ()) if x in position}
        for own, document in zip(positives, documents, strict=True)
    ]
    for (document, _), drawn in zip(steps, extra, strict=True):
        # A label that the strategy adds because it was refused is a negative, even if it is spared.
        chosen = set(drawn[: strategy.own])
        never_negative[document] = (never_negative[document] - chosen) | positives[document]
    return TrainingData(
        [document.text for document in documents],
        [label_passage(label) for label in labels],
        never_negative,
        steps,
        extra,
    )
