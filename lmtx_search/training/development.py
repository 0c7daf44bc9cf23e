"""How good an encoder is on held-out documents, as the judge sees it: LLM-P@1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.judges.base import Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.base import OrderedJudge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.training.shortlist import Ranking, pairs
from lmtx_search.training.targets.threshold import choose_threshold
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.training.teacher.judging import Judged, Store, judge_pairs

Answers = Mapping[str, Mapping[str, float]]
"""P(yes) by document id and label id."""
Firsts = Mapping[str, str]
"""The first label of an encoder's ranking, by document id."""


@dataclass(frozen=True, slots=True)
class Development:
    """What was measured on ``documents`` held-out documents.

    ``llm_p1`` and ``llm_p1_before`` are the shares of them whose first label the judge says yes
    to, after and before training (None: not one was judged). ``threshold`` is the cosine score
    from which a label is assigned, ``threshold_rule`` how it was chosen. ``judged`` is what the
    judge was asked for it; ``firsts`` and ``firsts_before`` the labels that are compared;
    ``calibration`` the P(yes) that a score of the trained encoder corresponds to, if that is known.
    """

    documents: int
    llm_p1: float | None
    llm_p1_before: float | None
    threshold: float
    threshold_rule: str
    judged: Judged
    firsts: Firsts
    firsts_before: Firsts
    calibration: Calibration | None = None


def first_labels(rankings: Mapping[str, Ranking]) -> dict[str, str]:
    """Return each document's first label."""
    return {document: ranking[0][0] for document, ranking in rankings.items() if ranking}


def measure_development(
    judge: OrderedJudge,
    store: Store,
    documents: Sequence[Document],
    before: Firsts,
    after: Mapping[str, Ranking],
    labels: Mapping[str, Label],
    *,
    yes_from: float,
    pairs_per_document: int,
    budget: Budget,
    known: Judged | None = None,
    people: Sequence[Judgment] = (),
    calibration: Calibration | None = None,
    progress: Progress = SILENT,
) -> Development:
    """Have the judge look at the first labels of held-out documents.

    Args:
        before: first labels of the untrained encoder, by document id.
        after: rankings of the trained encoder.
        yes_from: the P(yes) from which an answer is a yes.
        pairs_per_document: labels of the trained encoder that are judged; the untrained one's
            first label is judged besides.
        known: what the judge was asked in earlier cycles; it is not asked again.
        people: what people said counts more than the judge's answers in the calibration.
        calibration: what the trained encoder's scores are worth; None: it is made of the answers
            for held-out documents, where they are enough, and does not decide the threshold.
    """
    known = known or Judged()
    asked = (
        _pairs(d, before.get(d.id), after[d.id], labels, pairs_per_document) for d in documents
    )
    judged = judge_pairs(
        judge,
        Exhaustive(),
        store,
        asked,
        budget,
        "Judge held-out documents",
        progress,
        earlier=known,
        sample=False,
    )
    everything = Judged()
    everything.add(known)
    everything.add(judged)
    firsts = first_labels(after)
    (old, new), count = llm_p1((before, firsts), everything.p_yes, yes_from)
    threshold, rule = choose_threshold([after[document.id] for document in documents], calibration)
    if calibration is None:
        answers = prefer_people(everything.p_yes, people, documents, labels)
        calibration = fit_calibration(
            [
                (label, score, said[label])
                for document, said in answers.items()
                for label, score in after.get(document, ())
                if label in said
            ]
        )
    return Development(count, new, old, threshold, rule, judged, firsts, before, calibration)


def llm_p1(
    encoders: Sequence[Firsts], answers: Answers, yes_from: float
) -> tuple[list[float | None], int]:
    """Return each encoder's LLM-P@1 over the documents on which all were judged, and their number.

    None where there is no such document.
    """
    common = [
        document
        for document, said in answers.items()
        if all(firsts.get(document) in said for firsts in encoders)
    ]
    if not common:
        return [None] * len(encoders), 0
    shares: list[float | None] = [
        sum(answers[document][firsts[document]] >= yes_from for document in common) / len(common)
        for firsts in encoders
    ]
    return shares, len(common)


def _pairs(
    document: Document,
    before: str | None,
    after: Ranking,
    labels: Mapping[str, Label],
    most: int,
) -> list[Pair]:
    """The trained encoder's first labels and the untrained one's first, each once."""
    ranking = after[:most]
    if before is not None and before not in {label for label, _ in ranking}:
        ranking = [*ranking, (before, 0.0)]
    return pairs(document, ranking, labels, len(ranking))
