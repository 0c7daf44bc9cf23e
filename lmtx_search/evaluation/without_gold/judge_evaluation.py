"""Estimates without gold tags how good systems are: a judge answers about a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.evaluation.headline import tagger_p1
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.registry import check_names, open_systems
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.evaluation.systems import System
from lmtx_search.evaluation.without_gold.judge_estimates import estimates, read_yes
from lmtx_search.evaluation.without_gold.prediction_powered import LEAST_CHECKED, JudgedEstimate
from lmtx_search.evaluation.without_gold.sampled_documents import (
    draw,
    sample_labels,
)
from lmtx_search.judges.base import Pair
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import PERSON
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.training.teacher.judging import (
    JudgingTask,
    Teacher,
    judge_pairs,
    require_answers,
)


@dataclass(frozen=True, slots=True)
class JudgeEvaluation:
    """The judge's estimates of each system.

    Attributes:
        yes_from: the P(yes) of a yes.
        both: number of pairs that a person has answered too.
        agreement: share of these pairs on which judge and person agree.
        asked: number of questions to the judge.
        known: number of answers that were stored before.
        neither: number of answers that are neither yes nor no.
        taught: the training runs of the systems that the same judge taught, by system.
        left_out: which documents of the file could not be drawn, for people (None: none).
        runs: the training run of each system (None: it is of none).
        failed: number of questions without an answer, because the judge's server failed.
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
    taught: Mapping[str, str]
    left_out: str | None = None
    runs: Mapping[str, str | None] = field(default_factory=dict)
    failed: int = 0


def evaluate_by_judge(
    settings: Settings,
    file: DocumentFile,
    names: Sequence[str] = (),
    version: str | None = None,
    sample: int = 50,
    prompt: str = "librarian",
    seed: int = 0,
    progress: Progress = SILENT,
) -> JudgeEvaluation:
    """Ask the settings' judge about each system's first labels and near misses on a sample.

    Each answer is stored in ``lmtx-judgments`` as it arrives. Answers of people (`review`) show how
    the judge errs. The record is stored in ``lmtx-runs``.

    Raises:
        UserError: there are no labels, no documents, no judge, or no such system.
        LmtxError: the judge's server failed on all questions without an answer.
    """
    check_names(names)
    require_measures()
    client = connect(settings.opensearch)
    labels = cluster_labels(client, settings)
    by_id = {label.id: label for label in labels}
    judge = open_judge(settings, load_prompt(prompt))
    drawn = draw(settings, file, sample, seed)
    documents = drawn.documents
    systems = open_systems(settings, client, labels, names, version, progress)
    samples = {system.name: sample_labels(system, documents, progress) for system in systems}
    pairs: dict[str, dict[str, Pair]] = {document.id: {} for document in documents}
    for of_system in samples.values():
        for sampled in of_system:
            for pair in sampled.pairs(by_id):
                pairs[sampled.document.id].setdefault(pair.label.id, pair)
    store = JudgmentStore(client)
    judged = judge_pairs(
        Teacher(judge, Exhaustive(), store),
        (list(pairs[document.id].values()) for document in documents),
        JudgingTask("Judge a sample", progress=progress, sample=False),
    )
    require_answers(judged)
    people = prefer_people({}, store.of(PERSON), documents, by_id)
    yes_from, both, agreement = read_yes(judged.p_yes, people)
    result = JudgeEvaluation(
        systems={
            name: estimates(each, judged.p_yes, people, yes_from) for name, each in samples.items()
        },
        judge=judge.name,
        prompt=judge.prompt.name,
        yes_from=yes_from,
        both=both,
        agreement=agreement,
        **judged.calls(),
        taught=taught_by(judge.digest, systems, RunStore(client).get),
        left_out=drawn.note(),
        runs={system.name: system.run for system in systems},
    )
    RunStore(client).save(f"by-judge-{new_run_id()}", judge_evaluation_record(result))
    return result


def taught_by(
    judge: str, systems: Iterable[System], record_of: Callable[[str], Mapping[str, Any] | None]
) -> dict[str, str]:
    """Return the training runs of systems whose encoder a judge taught, by the system's name.

    Args:
        judge: its digest.
        record_of: returns the record of a run (None: there is none).
    """
    found = {}
    for system in systems:
        record = None if system.run is None else record_of(system.run)
        if system.run is None or record is None or record.get("kept", "judged") != "judged":
            continue
        if record["judge"]["digest"] == judge:
            found[system.name] = system.run
    return found


def judge_evaluation_record(result: JudgeEvaluation) -> dict[str, Any]:
    """Return the result as a JSON object."""
    return {
        "kind": "by-judge",
        **asdict(result),
        "counts": {
            "asked": result.asked,
            "known": result.known,
            "neither": result.neither,
            "failed": result.failed,
        },
        "measures": {"p1": tagger_p1(result.systems)},
    }


def notes(result: JudgeEvaluation) -> list[str]:
    """Return notes on what the numbers cover and what they do not cover."""
    lines = [
        f"Judge: {result.judge}, prompt {result.prompt}; a yes is a P(yes) from "
        f"{result.yes_from:.2f}; {result.asked:,} asked, {result.known:,} answers were stored"
    ]
    if result.neither or result.failed:
        lines.append(
            f"Left out: {result.neither:,} answers that are neither yes nor no, and "
            f"{result.failed:,} questions on which the judge's server failed. A document without "
            "an answer that a measure needs does not count in this measure"
        )
    if result.agreement is not None:
        lines.append(f"It agrees with people on {result.agreement:.0%} of {result.both:,} pairs")
    if not any(one.checked for each in result.systems.values() for one in each.values()):
        lines.append(
            "These intervals do not include the judge's own errors: check some documents "
            f"({LEAST_CHECKED} or more) with `lmtx-search review`, then evaluate again"
        )
    if result.taught:
        systems = ", ".join(f"{name} (run {run})" for name, run in result.taught.items())
        lines.append(
            f"This judge taught {systems}, so their encoders have learned its errors. "
            "Use --model for another judge"
        )
    if result.left_out is not None:
        lines.append(result.left_out)
    return lines
