"""How good an encoder is on held-out documents, as the judge sees it: LLM-P@1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmtx_search.judges.base import Judge, Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.training.judging import Judged, Store, judge_pairs
from lmtx_search.training.shortlist import Ranking, pairs
from lmtx_search.training.threshold import choose_threshold


@dataclass(frozen=True, slots=True)
class Development:
    """What was measured on ``documents`` held-out documents.

    ``llm_p1`` and ``llm_p1_before`` are the shares of them whose first label the judge says yes
    to, after and before training (None: not one was judged). ``threshold`` is the cosine score
    from which a label is assigned, ``threshold_rule`` how it was chosen.
    """

    documents: int
    llm_p1: float | None
    llm_p1_before: float | None
    threshold: float
    threshold_rule: str
    judged: Judged


def measure_development(
    judge: Judge,
    store: Store,
    documents: Sequence[Document],
    before: Mapping[str, Ranking],
    after: Mapping[str, Ranking],
    labels: Mapping[str, Label],
    *,
    yes_from: float,
    pairs_per_document: int,
    budget: Budget,
    progress: Progress = SILENT,
) -> Development:
    """Have the judge look at the first labels of held-out documents.

    Args:
        before, after: rankings of the untrained and the trained encoder, by document id.
        yes_from: the P(yes) from which an answer is a yes.
        pairs_per_document: labels of the trained encoder that are judged; the untrained one's
            first label is judged besides.
    """
    asked = (_pairs(d, before[d.id], after[d.id], labels, pairs_per_document) for d in documents)
    judged = judge_pairs(judge, store, asked, budget, "Judge held-out documents", progress)
    firsts = [
        (answers[after[id_][0][0]] >= yes_from, answers[before[id_][0][0]] >= yes_from)
        for id_, answers in judged.p_yes.items()
        if after[id_][0][0] in answers and before[id_][0][0] in answers
    ]
    threshold, rule = choose_threshold(
        [after[document.id][0][1] for document in documents if after[document.id]]
    )
    count = len(firsts)
    return Development(
        documents=count,
        llm_p1=sum(new for new, _ in firsts) / count if count else None,
        llm_p1_before=sum(old for _, old in firsts) / count if count else None,
        threshold=threshold,
        threshold_rule=rule,
        judged=judged,
    )


def _pairs(
    document: Document,
    before: Ranking,
    after: Ranking,
    labels: Mapping[str, Label],
    most: int,
) -> list[Pair]:
    """The trained encoder's first labels and the untrained one's first, each once."""
    ranking = after[:most]
    if before and before[0][0] not in {label for label, _ in ranking}:
        ranking = [*ranking, before[0]]
    return pairs(document, ranking, labels, len(ranking))
