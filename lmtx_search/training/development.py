"""How good an encoder is on held-out documents according to the judge: LLM-P@1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.encoder.score_threshold import ScoreSpread, choose_threshold
from lmtx_search.judges.base import Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.base import OrderedJudge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Judgment, Label, PYes
from lmtx_search.training.shortlist import Ranking, pairs
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.training.teacher.judging import JudgingTask, Store, Teacher, judge_pairs
from lmtx_search.training.teacher.judging_result import JudgingResult

FirstLabels = Mapping[str, str]
"""The first label of an encoder's ranking, by document id."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The held-out documents, and what is known of them before the judge is asked.

    Attributes:
        labels: the label set by id.
        before: first labels of the untrained encoder.
        after: rankings of the trained encoder, by document id.
        known: answers of earlier cycles, which are not asked again.
        people: answers of people, which replace those of the judge in the calibration.
        rivals: first labels of further encoders, which are judged too.
        named: number of training documents that name a label, by id, for the threshold.
    """

    documents: Sequence[Document]
    labels: Mapping[str, Label]
    before: FirstLabels
    after: Mapping[str, Ranking]
    known: JudgingResult = field(default_factory=JudgingResult)
    people: Sequence[Judgment] = ()
    rivals: Sequence[FirstLabels] = ()
    named: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DevelopmentRule:
    """How much the judge is asked, and what a yes is.

    Attributes:
        yes_from: the P(yes) from which an answer is a yes.
        pairs_per_document: labels of the trained encoder that are judged. The first label of the
            untrained encoder is judged in addition.
    """

    yes_from: float
    pairs_per_document: int
    budget: Budget


@dataclass(frozen=True, slots=True)
class Development:
    """Measures on ``documents`` held-out documents.

    Attributes:
        llm_p1, llm_p1_before: share of the documents whose first label the judge says yes to, after
            and before training (None: no document was judged).
        threshold: the score from which a label is assigned.
        threshold_rule: how it was chosen.
        threshold_interval: its 95 % interval (None: it is the default).
        spread: how scores lie around it (None: it is the default).
        lowered: by how much the threshold of a label is lower, by id.
        judged: the answers of the judge.
        firsts, firsts_before: the first labels that are compared.
        calibration: the P(yes) that a score of the trained encoder corresponds to, if it is known.
        better, worse: number of the documents whose first label is a yes only after training, and
            only before it.
    """

    documents: int
    llm_p1: float | None
    llm_p1_before: float | None
    threshold: float
    threshold_rule: str
    judged: JudgingResult
    firsts: FirstLabels
    firsts_before: FirstLabels
    calibration: Calibration | None = None
    better: int = 0
    worse: int = 0
    threshold_interval: tuple[float, float] | None = None
    spread: ScoreSpread | None = None
    lowered: Mapping[str, float] = field(default_factory=dict)


def first_labels(rankings: Mapping[str, Ranking]) -> dict[str, str]:
    """Return the first label of each document that has one."""
    return {document: ranking[0][0] for document, ranking in rankings.items() if ranking}


def measure_development(
    judge: OrderedJudge,
    store: Store,
    held_out: HeldOut,
    rule: DevelopmentRule,
    calibration: Calibration | None = None,
    progress: Progress = SILENT,
) -> Development:
    """Ask the judge about the first labels of held-out documents, and choose the threshold.

    Args:
        calibration: of the trained encoder's scores. With None it is fitted to the answers about
            the held-out documents, if there are enough.
    """
    judged = judge_pairs(
        Teacher(judge, Exhaustive(), store),
        (_pairs(document, held_out, rule.pairs_per_document) for document in held_out.documents),
        JudgingTask(
            "Judge held-out documents",
            rule.budget,
            progress,
            earlier=held_out.known,
            sample=False,
        ),
    )
    p_yes = (held_out.known + judged).p_yes
    firsts = first_labels(held_out.after)
    (old, new), count = llm_p1((held_out.before, firsts), p_yes, rule.yes_from)
    better, worse = changed(held_out.before, firsts, p_yes, rule.yes_from)
    rankings = [held_out.after[document.id] for document in held_out.documents]
    threshold = choose_threshold(rankings, held_out.named)
    return Development(
        documents=count,
        llm_p1=new,
        llm_p1_before=old,
        threshold=threshold.value,
        threshold_rule=threshold.rule,
        threshold_interval=threshold.interval,
        spread=threshold.spread,
        lowered=threshold.lowered,
        judged=judged,
        firsts=firsts,
        firsts_before=held_out.before,
        calibration=_fitted(held_out, p_yes) if calibration is None else calibration,
        better=better,
        worse=worse,
    )


def llm_p1(
    encoders: Sequence[FirstLabels], p_yes: PYes, yes_from: float
) -> tuple[list[float | None], int]:
    """Return the LLM-P@1 of each encoder, and the number of documents that it is measured on.

    These are the documents on which the first labels of all encoders were judged. Without such a
    document, LLM-P@1 is None.
    """
    common = judged_for_all(encoders, p_yes)
    if not common:
        return [None] * len(encoders), 0
    shares: list[float | None] = [
        sum(p_yes[document][firsts[document]] >= yes_from for document in common) / len(common)
        for firsts in encoders
    ]
    return shares, len(common)


def changed(
    before: FirstLabels, after: FirstLabels, p_yes: PYes, yes_from: float
) -> tuple[int, int]:
    """Return the number of documents whose first label is a yes only after, and only before."""
    documents = judged_for_all((before, after), p_yes)
    was, is_now = (
        [p_yes[document][firsts[document]] >= yes_from for document in documents]
        for firsts in (before, after)
    )
    changes = list(zip(was, is_now, strict=True))
    return changes.count((False, True)), changes.count((True, False))


def judged_for_all(encoders: Sequence[FirstLabels], p_yes: PYes) -> list[str]:
    """Return the documents whose first labels by all encoders were judged."""
    return [
        document
        for document, of_labels in p_yes.items()
        if all(firsts.get(document) in of_labels for firsts in encoders)
    ]


def _pairs(document: Document, held_out: HeldOut, most: int) -> list[Pair]:
    """Return the first labels of the trained encoder, and the first one of each other encoder.

    Each label occurs once.
    """
    ranking = dict(held_out.after[document.id][:most])
    for firsts in (held_out.before, *held_out.rivals):
        if (first := firsts.get(document.id)) is not None:
            ranking.setdefault(first, 0.0)
    return pairs(document, list(ranking.items()), held_out.labels, len(ranking))


def _fitted(held_out: HeldOut, p_yes: PYes) -> Calibration | None:
    """Return a calibration that is fitted to the answers about the held-out documents."""
    evidence = prefer_people(p_yes, held_out.people, held_out.documents, held_out.labels)
    return fit_calibration(
        [
            (label, score, of_labels[label])
            for document, of_labels in evidence.items()
            for label, score in held_out.after.get(document, ())
            if label in of_labels
        ]
    )
