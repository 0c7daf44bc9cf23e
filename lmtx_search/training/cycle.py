"""One cycle of LMTX: shortlist, judge, train, measure (Zhang, Ullah, Babbar, arXiv 2406.09288)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lmtx_search.encoder.passages import label_passage
from lmtx_search.errors import UserError, find_named
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order import make_order
from lmtx_search.progress import SILENT, Progress
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.development import Development, Firsts, first_labels, measure_development
from lmtx_search.training.materials import Materials, Trained
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.negatives.base import Pool, bring_all
from lmtx_search.training.positives import POSITIVES
from lmtx_search.training.sampling import training_order
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search, Shortlister
from lmtx_search.training.targets.judge_calibration import RIVALS, YES, Answers, calibrate
from lmtx_search.training.targets.pseudo_positives import (
    first_yes,
    maybe_right,
    pseudo_positives,
    yes_threshold,
)
from lmtx_search.training.targets.score_calibration import score_calibration
from lmtx_search.training.teacher.budgets import split
from lmtx_search.training.teacher.human_feedback import prefer_people, without_refused
from lmtx_search.training.teacher.judging import Judged, judge_pairs


@dataclass(frozen=True)
class Earlier:
    """What the cycles before leave to a cycle.

    Attributes:
        judged, development: all that the judge was asked, of training and held-out documents.
        firsts: first labels of the untrained encoder for the held-out documents.
        measured_from: the P(yes) of a yes in LLM-P@1, the same in all cycles.
    """

    judged: Judged = field(default_factory=Judged)
    development: Judged = field(default_factory=Judged)
    firsts: Firsts | None = None
    measured_from: float | None = None


@dataclass(frozen=True)
class CycleResult:
    """What a cycle did.

    Attributes:
        judged: what the judge was asked in this cycle.
        yes_from: the P(yes) of a sure yes; measured_from: that of LLM-P@1.
        documents, positives: how many documents were trained on, and their pseudo-positives.
        loss: of the last steps. seconds: by stage.
    """

    judged: Judged
    yes_from: float
    measured_from: float
    documents: int
    positives: int
    steps: int
    loss: float
    development: Development
    seconds: dict[str, float]


def run_cycle(
    materials: Materials,
    settings: TrainingSettings,
    earlier: Earlier,
    encoder: Encoder,
    search: Search,
    budget: Budget,
    trained: Trained,
    progress: Progress = SILENT,
) -> CycleResult | None:
    """Run one cycle and write the trained encoder to ``trained.folder``.

    All judged labels of a document, also those of earlier cycles, inform its pseudo-positives, and
    what the settings' order asks next; the judge is asked only about pairs that it has not seen.

    Args:
        encoder, search: make the shortlists. budget: of this cycle.

    Returns:
        None where an earlier cycle has judged all that the order asks of the shortlists: the same
        encoder would come out.

    Raises:
        LmtxError: the judge failed, or training did.
        UserError: the judge tells too little, or the budget is too small.
    """
    clock = Clock()
    labels = {label.id: label for label in materials.labels}
    with clock.stage("center"):
        shortlister = open_shortlister(
            encoder,
            search,
            settings.shortlist,
            documents=materials.training,
            labels=len(labels),
            centered=settings.centered,
            progress=progress,
        )
    training_budget, development_budget = split(budget, settings.development_share)

    with clock.stage("judge"):
        judged = judge_pairs(
            materials.judge,
            make_order(settings.order, first_yes(settings)),
            materials.store,
            shortlister.pairs(materials.training, labels, settings.pairs_per_document),
            training_budget,
            f"Judge pairs (at most {training_budget})",
            progress,
            earlier=earlier.judged,
            sample=not earlier.judged.pairs,
        )
    clock.seconds["shortlist"] = shortlister.seconds
    clock.seconds["judge"] -= shortlister.seconds
    if earlier.judged.pairs and not judged.pairs:
        return None
    everything = Judged()
    everything.add(earlier.judged)
    everything.add(judged)
    evidence: Answers = everything.p_yes
    yes_from, rivals = _yes_from(evidence, settings), 0.0
    if settings.calibrated:
        evidence = calibrate(evidence, everything.nearness, settings.sure_share)
        yes_from, rivals = YES, RIVALS
    evidence = prefer_people(evidence, materials.people, materials.training, labels)
    positives = pseudo_positives(evidence, yes_from, settings.always_best, rivals)
    positives = without_refused(positives, evidence)
    if len(positives) < 2:
        raise UserError(_too_few(len(positives), everything, yes_from))
    with clock.stage("train"):
        steps, loss = train(
            materials,
            positives,
            evidence,
            settings,
            trained.folder,
            progress,
            spared={
                document: maybe_right(said, shortlister.rankings.get(document, ()), settings.spared)
                for document, said in evidence.items()
            },
        )
    with clock.stage("embed held-out"):
        before = earlier.firsts
        if before is None:
            plain = Shortlister(encoder, search, 1).shortlists(materials.development)
            before = first_labels({document.id: ranking for document, ranking in plain})
        total = len(materials.labels) + len(materials.development)
        with progress.stage("Embed with the trained encoder", total, "texts") as advance:
            after = trained.rank(materials.development, settings.shortlist)
            advance(total)
    with clock.stage("calibrate"):
        calibration = (
            score_calibration(trained, materials, evidence) if settings.calibrated else None
        )
    measured_from = earlier.measured_from
    if measured_from is None:
        measured_from = _yes_from(everything.p_yes, settings)
    with clock.stage("judge held-out"):
        development = measure_development(
            materials.judge,
            materials.store,
            materials.development,
            before,
            after,
            labels,
            yes_from=measured_from,
            pairs_per_document=settings.development_pairs,
            budget=development_budget,
            known=earlier.development,
            people=materials.people,
            calibration=calibration,
            progress=progress,
        )
    return CycleResult(
        judged=judged,
        yes_from=yes_from,
        measured_from=measured_from,
        documents=len(positives),
        positives=sum(map(len, positives.values())),
        steps=steps,
        loss=loss,
        development=development,
        seconds=clock.seconds,
    )


def train(
    materials: Materials,
    positives: Mapping[str, frozenset[str]],
    p_yes: Mapping[str, Mapping[str, float]],
    settings: TrainingSettings,
    output: Path,
    progress: Progress = SILENT,
    spared: Mapping[str, frozenset[str]] | None = None,
) -> tuple[int, float]:
    """Train the base encoder on the pseudo-positives; return (steps, last loss).

    Args:
        spared: labels of documents that are no negatives of theirs either, unless the strategy
            for negatives insists on a label.
    """
    from lmtx_search.training.student.finetune import fine_tune  # torch: only when it is needed

    tuning = settings.fine_tuning
    position = {label.id: row for row, label in enumerate(materials.labels)}
    documents = [document for document in materials.training if document.id in positives]
    judged = [{position[label]: p for label, p in p_yes[d.id].items()} for d in documents]
    rows = [frozenset(position[label] for label in positives[d.id]) for d in documents]
    steps = training_order(
        [{label: said[label] for label in row} for row, said in zip(rows, judged, strict=True)],
        tuning.epochs,
        settings.seed,
        find_named("positives", POSITIVES, tuning.positives),
    )
    refused = [sorted(said.keys() - row) for row, said in zip(rows, judged, strict=True)]
    strategy = find_named("negatives", NEGATIVES, tuning.negatives)
    brought = bring_all(
        strategy,
        Pool(len(materials.labels), rows, refused),
        [document for document, _ in steps],
        settings.seed,
    )
    never = [
        row | {position[x] for x in (spared or {}).get(document.id, ()) if x in position}
        for row, document in zip(rows, documents, strict=True)
    ]
    for (at, _), labels in zip(steps, brought, strict=True):
        # A label that is brought along because the judge refused it counts, if it may be right too.
        never[at] = never[at] - set(labels[: strategy.own]) | rows[at]
    with progress.stage("Train the encoder", len(steps), "documents") as advance:
        loss = fine_tune(
            materials.base,
            output,
            [document.text for document in documents],
            [label_passage(label) for label in materials.labels],
            never,
            steps,
            tuning,
            settings.seed,
            advance,
            brought,
        )
    return len(steps), loss


def _yes_from(answers: Answers, settings: TrainingSettings) -> float:
    if settings.yes_above is not None:
        # Answers are compared with "at least"; this is the least number above.
        return math.nextafter(settings.yes_above, math.inf)
    return yes_threshold(answers, settings.sure_share)


def _too_few(positives: int, judged: Judged, yes_from: float) -> str:
    if len(judged.p_yes) < 2:
        return f"only {len(judged.p_yes)} documents were judged: raise --judge-budget"
    return (
        f"the judge says yes (P(yes) from {yes_from:.2f}) for only {positives} of "
        f"{len(judged.p_yes)} documents: choose another model (--model), prompt or profile"
    )


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the block."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
