"""What the student learns from the answers: positives, and labels that are no negatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lmtx_search.records import Document, Judgment, Label, PYes
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.targets.judge_calibration import RIVALS, YES, calibrate
from lmtx_search.training.targets.pseudo_positives import (
    maybe_right,
    pseudo_positives,
    yes_threshold,
)
from lmtx_search.training.teacher.human_feedback import prefer_people, without_refused
from lmtx_search.training.teacher.judging_result import JudgingResult


@dataclass(frozen=True)
class LearningTargets:
    """What is known of the training documents, by document id.

    Attributes:
        positives: ids of the labels that the document is pulled towards.
        evidence: how likely each judged label is right.
        spared: ids of further labels that the document is not pushed away from, unless the
            strategy for negatives chooses one of them as refused.
    """

    positives: Mapping[str, frozenset[str]]
    evidence: PYes
    spared: Mapping[str, frozenset[str]] = field(default_factory=dict)


def make_targets(
    judged: JudgingResult,
    people: Sequence[Judgment],
    documents: Sequence[Document],
    labels: Mapping[str, Label],
    rankings: Mapping[str, Sequence[tuple[str, float]]],
    settings: TrainingSettings,
) -> tuple[LearningTargets, float]:
    """Return the learning targets, and the evidence from which a label is a sure yes.

    Args:
        judged: all answers of the judge so far.
        people: answers of people, which replace those of the judge.
        documents: the training documents.
        labels: the label set by id.
        rankings: the shortlists by document id.
    """
    evidence, yes_from, rivals = judged.p_yes, sure_yes(judged.p_yes, settings), 0.0
    if settings.calibrated:
        evidence = calibrate(judged.p_yes, judged.nearness, settings.sure_share)
        yes_from, rivals = YES, RIVALS
    evidence = prefer_people(evidence, people, documents, labels)
    positives = pseudo_positives(evidence, yes_from, settings.always_best, rivals)
    spared = {
        document: maybe_right(of_labels, rankings.get(document, ()), settings.spared)
        for document, of_labels in evidence.items()
    }
    return LearningTargets(without_refused(positives, evidence), evidence, spared), yes_from


def sure_yes(p_yes: PYes, settings: TrainingSettings) -> float:
    """Return the P(yes) of a sure yes: the one of the settings, or the one of ``sure_share``."""
    if settings.sure_yes_from is not None:
        return settings.sure_yes_from
    return yes_threshold(p_yes, settings.sure_share)
