"""How good systems are where there are no gold tags: a judge looks at a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.record import tagger_p1
from lmtx_search.evaluation.registry import check_names, choose
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.evaluation.without_gold.prediction_powered import (
    LEAST_CHECKED,
    JudgedEstimate,
    estimate,
)
from lmtx_search.evaluation.without_gold.review_sample import LookedAt, draw, look
from lmtx_search.judges.base import Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import PERSON, Document, Judgment, Label
from lmtx_search.settings import Settings
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.training.teacher.judging import judge_pairs

Answers = Mapping[str, Mapping[str, float]]
"""By document id and label id."""
YES = 0.5
# Pairs that judge and person have both answered, from which the judge's yes is read otherwise.
_LEAST_PAIRS = 20
# Share of the reviewed documents that must be answered for: some are skipped.
_REVIEWED = 0.8
MISSING = "documents lacking an obvious tag"


@dataclass(frozen=True, slots=True)
class ByJudge:
    """What a judge said of each system; ``agreement`` is the share of pairs where it is right.

    Attributes:
        yes_from: the P(yes) of a yes. both: pairs that a person has answered too.
        taught: the run that the same judge taught, or None.
    """

    systems: dict[str, dict[str, JudgedEstimate]]
    judge: str
    prompt: str
    yes_from: float
    both: int
    agreement: float | None
    asked: int
    known: int
    neither: int
    taught: str | None


def evaluate_by_judge(
    settings: Settings,
    file: Path,
    names: Sequence[str] = (),
    version: str | None = None,
    sample: int = 50,
    prompt: str = "librarian",
    seed: int = 0,
    progress: Progress = SILENT,
) -> ByJudge:
    """Ask the settings' judge about a sample of documents, each system's first labels and misses.

    Answers are kept in ``lmtx-judgments`` as they come; what people have checked (`review`) tells
    how the judge errs. The record is kept in ``lmtx-runs``.

    Raises:
        UserError: no labels, documents, judge, or no such system.
    """
    check_names(names)
    require_measures()
    client = connect(settings.opensearch)
    labels = cluster_labels(client, settings)
    by_id = {label.id: label for label in labels}
    judge = open_judge(settings, load_prompt(prompt))
    documents = draw(settings, file, sample, seed)
    looked = {
        system.name: look(system, documents, progress)
        for system in choose(settings, client, labels, names, version)
    }
    pairs: dict[str, dict[str, Pair]] = {document.id: {} for document in documents}
    for each in looked.values():
        for one in each:
            for pair in one.pairs(by_id):
                pairs[one.document.id].setdefault(pair.label.id, pair)
    store = JudgmentStore(client)
    judged = judge_pairs(
        judge,
        Exhaustive(),
        store,
        (list(pairs[document.id].values()) for document in documents),
        Budget(),
        "Judge a sample",
        progress,
        sample=False,
    )
    people = checked(store.of(PERSON), documents, by_id)
    yes_from, both, agreement = read_yes(judged.p_yes, people)
    latest = RunStore(client).latest("train")
    taught = latest[0] if latest and latest[1]["judge"]["digest"] == judge.digest else None
    result = ByJudge(
        systems={
            name: estimates(each, judged.p_yes, people, yes_from) for name, each in looked.items()
        },
        judge=judge.name,
        prompt=judge.prompt.name,
        yes_from=yes_from,
        both=both,
        agreement=agreement,
        asked=judged.asked,
        known=judged.known,
        neither=judged.neither,
        taught=taught,
    )
    RunStore(client).save(f"by-judge-{new_run_id()}", by_judge_record(result))
    return result


def by_judge_record(result: ByJudge) -> dict[str, Any]:
    """Return the result as a JSON object."""
    return {
        "kind": "by-judge",
        **asdict(result),
        "counts": {"asked": result.asked, "known": result.known, "neither": result.neither},
        "measures": {"p1": tagger_p1(result.systems)},
    }


def checked(
    people: Sequence[Judgment], documents: Sequence[Document], labels: Mapping[str, Label]
) -> Answers:
    """Return what people said of these documents, as they are now."""
    return prefer_people({}, people, documents, labels)


def read_yes(judged: Answers, people: Answers) -> tuple[float, int, float | None]:
    """Return the P(yes) from which the judge means yes, and how often it is then right.

    Small models say yes too rarely or too often. Where people have answered twenty of its pairs or
    more, yes among them, the border is the one at which the judge tells their yes from their no
    best (the mean of both shares); else it is one half.

    Returns:
        The border, the number of pairs that both have answered, and the share of these on which
        they agree (None: there are none).
    """
    both = [
        (said[label], answer)
        for document, answers in people.items()
        for label, answer in answers.items()
        if label in (said := judged.get(document, {}))
    ]
    if not both:
        return YES, 0, None
    said_, right = np.array(both).T
    yes_from = YES
    if len(both) >= _LEAST_PAIRS and 0 < right.mean() < 1:
        borders = [YES, *sorted(set(said_.tolist()))]
        yes_from = max(borders, key=lambda border: _balanced(said_ >= border, right > 0.5))
    return float(yes_from), len(both), float(((said_ >= yes_from) == (right > 0.5)).mean())


def estimates(
    looked: Sequence[LookedAt], judged: Answers, people: Answers, yes_from: float
) -> dict[str, JudgedEstimate]:
    """Return P@1, P@5 and the share of documents that lack an obvious tag.

    An obvious tag is one of the five labels next to those that were assigned. Documents are left
    out of a measure where the judge gave no answer to one of its labels.

    Args:
        looked: in the order in which they were drawn, which is that of a review.
    """
    found = {}
    reviewed = max((n for n, one in enumerate(looked) if one.document.id in people), default=-1)
    for measure, value in _MEASURES.items():
        rows = []
        shown = 0
        for number, one in enumerate(looked):
            said = judged.get(one.document.id, {})
            judge_says = value(one, {label: float(p >= yes_from) for label, p in said.items()})
            if judge_says is not None:
                person_says = value(one, people.get(one.document.id, {}))
                rows.append((judge_says, np.nan if person_says is None else person_says))
                shown += number <= reviewed
        if rows:
            table = np.array(rows, dtype=np.float64)
            known = ~np.isnan(table[:, 1])
            if known.sum() < _REVIEWED * shown:
                # A review of another system's labels: those of its answers that fit this one are
                # about labels that both found, and these are more often right.
                table[:, 1] = np.nan
            found[measure] = estimate(table[:, 0], table[:, 1])
    return found


def notes(result: ByJudge) -> list[str]:
    """Return what the numbers hold and what they do not."""
    lines = [
        f"Judge: {result.judge}, prompt {result.prompt}; a yes is a P(yes) from "
        f"{result.yes_from:.2f}; {result.asked:,} asked, {result.known:,} answers were there"
    ]
    if result.agreement is not None:
        lines.append(f"It agrees with people on {result.agreement:.0%} of {result.both:,} pairs")
    if not any(one.checked for each in result.systems.values() for one in each.values()):
        lines.append(
            "The judge's own errors are not in these intervals: check some of the documents with "
            f"`lmtx-search review` ({LEAST_CHECKED} or more), then ask again"
        )
    if result.taught is not None:
        lines.append(
            f"It is the judge that taught run {result.taught}: what it gets wrong, the encoder "
            "learned. --model names another"
        )
    return lines


def _precision(k: int) -> Callable[[LookedAt, Mapping[str, float]], float | None]:
    def value(one: LookedAt, said: Mapping[str, float]) -> float | None:
        first = one.first[:k]
        if any(label not in said for label in first):
            return None
        return sum(said[label] for label in first) / k

    return value


def _missing(one: LookedAt, said: Mapping[str, float]) -> float | None:
    if any(label not in said for label in one.near):
        return None
    return max((said[label] for label in one.near), default=0.0)


_MEASURES = {"P@1": _precision(1), "P@5": _precision(5), MISSING: _missing}


def _balanced(yes: Any, right: Any) -> float:
    return float((yes[right].mean() + (~yes[~right]).mean()) / 2)
