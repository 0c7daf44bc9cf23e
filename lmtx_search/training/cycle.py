"""One cycle of LMTX: shortlist, judge, train, measure (Zhang, Ullah, Babbar, arXiv 2406.09288)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lmtx_search.errors import UserError
from lmtx_search.judges.base import ANOTHER_MODEL
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order import make_order
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import PYes
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.development import (
    Development,
    DevelopmentRule,
    FirstLabels,
    HeldOut,
    first_labels,
    measure_development,
)
from lmtx_search.training.document_order import order_documents
from lmtx_search.training.resources import RunResources
from lmtx_search.training.scored_documents import score_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search, Shortlister, embed_once
from lmtx_search.training.stage_timer import StageTimer
from lmtx_search.training.student.train import train_on_all, train_student
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.targets.label_offsets import fit_label_offsets
from lmtx_search.training.targets.learning_targets import (
    make_targets,
    sure_yes,
)
from lmtx_search.training.targets.pseudo_positives import first_yes
from lmtx_search.training.targets.score_calibration import score_calibration
from lmtx_search.training.targets.soft_targets import SoftTargets, soft_targets
from lmtx_search.training.targets.word_weights import fit_word_weights
from lmtx_search.training.teacher.budgets import split
from lmtx_search.training.teacher.enough import too_few_judged
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.training.teacher.judging import JudgingTask, Teacher, judge_pairs
from lmtx_search.training.teacher.judging_result import JudgingResult
from lmtx_search.training.trained_encoder import TrainedEncoder


@dataclass(frozen=True)
class EarlierCycles:
    """What the earlier cycles pass on to a cycle.

    Attributes:
        judged: all answers about training documents.
        development: all answers about held-out documents.
        firsts: the untrained encoder's first labels of the held-out documents.
        scorer: the encoder whose scores teach about documents that are not judged (None: the
            encoder is untrained, and its scores teach nothing).
        measured_from: the P(yes) of a yes in LLM-P@1, which is the same in all cycles.
        rivals: first labels of the encoders that the trained one is compared with at the end of the
            run.
    """

    judged: JudgingResult = field(default_factory=JudgingResult)
    development: JudgingResult = field(default_factory=JudgingResult)
    firsts: FirstLabels | None = None
    measured_from: float | None = None
    scorer: TrainedEncoder | None = None
    rivals: Sequence[FirstLabels] = ()


@dataclass(frozen=True)
class CycleResult:
    """What a cycle did.

    Attributes:
        judged: the answers of this cycle about training documents.
        yes_from: the evidence of a sure yes.
        measured_from: the P(yes) of a yes in LLM-P@1.
        documents: number of judged documents that were trained on.
        scored_documents: number of all documents that were trained on, if they are not the judged
            ones alone (``targets/soft_targets.py``).
        positives: number of their pseudo-positives.
        loss: mean of the last steps.
        seconds: by stage.
    """

    judged: JudgingResult
    yes_from: float
    measured_from: float
    documents: int
    positives: int
    steps: int
    loss: float
    development: Development
    seconds: dict[str, float]
    scored_documents: int = 0


def run_cycle(
    resources: RunResources,
    settings: TrainingSettings,
    earlier: EarlierCycles,
    encoder: Encoder,
    search: Search,
    budget: Budget,
    trained: TrainedEncoder,
    progress: Progress = SILENT,
) -> CycleResult | None:
    """Run one cycle and write the trained encoder to ``trained.folder``.

    The pseudo-positives of a document and the settings' order use all its judged labels, including
    those of earlier cycles. The judge is asked only about pairs that no earlier cycle asked.

    Args:
        encoder, search: make the shortlists.
        budget: of this cycle.

    Returns:
        None if earlier cycles have judged everything that the order asks of the shortlists. The
        result would be the same encoder.

    Raises:
        LmtxError: the judge or the training failed.
        UserError: the judge's answers are not informative enough, or the budget is too small. The
            answers are stored.
    """
    timer = StageTimer()
    labels = {label.id: label for label in resources.labels}
    with timer.stage("center"):
        shortlister = open_shortlister(
            encoder,
            search,
            settings.shortlist,
            documents=resources.training,
            labels=len(labels),
            tokens=settings.fine_tuning.document_tokens,
            centered=settings.centered,
            retrieval=settings.retrieval,
            progress=progress,
        )
    with timer.stage("order documents"):
        documents = order_documents(
            settings, encoder, search, resources.training, len(labels), progress
        )
    training_budget, development_budget = split(budget, settings.development_share)

    with timer.stage("judge"):
        judged = judge_pairs(
            Teacher(
                resources.judge, make_order(settings.order, first_yes(settings)), resources.store
            ),
            shortlister.pairs(documents, labels, settings.pairs_per_document),
            JudgingTask(
                f"Judge pairs (at most {training_budget})",
                training_budget,
                progress,
                earlier=earlier.judged,
                sample=not earlier.judged.pairs,
            ),
        )
    timer.seconds["shortlist"] = shortlister.seconds
    timer.seconds["judge"] -= shortlister.seconds
    if earlier.judged.pairs and not judged.pairs:
        return None
    all_judged = earlier.judged + judged
    targets, yes_from = make_targets(
        all_judged, resources.people, resources.training, labels, shortlister.rankings, settings
    )
    if settings.asks_judge or earlier.scorer is None:
        too_few = too_few_judged(
            all_judged, len(targets.evidence), len(resources.training), settings
        ) or _too_few_positives(len(targets.positives), all_judged, yes_from)
        if too_few:
            raise UserError(too_few)
    answers = Answers(all_judged.p_yes, people_said(resources))
    of_all = None
    if earlier.scorer is not None:
        with timer.stage("score"):
            scorer = earlier.scorer
            if scorer.words is not None and trained.words is not None:
                # What words are worth beside that encoder, by all answers that there are now.
                scorer = scorer.with_weights(
                    fit_word_weights(scorer, resources.training, answers, trained.words.weights)
                )
            of_all = _targets_of_all(scorer, resources, settings, answers, progress)
    with timer.stage("train"):
        if of_all is None:
            steps, loss = train_student(
                resources.base,
                trained.folder,
                resources.training,
                resources.labels,
                targets,
                settings,
                progress,
            )
        else:
            steps, loss = train_on_all(resources.base, trained.folder, of_all, settings, progress)
    with timer.stage("label offsets"):
        if trained.words is not None:
            trained.use_weights(
                fit_word_weights(trained, resources.training, answers, trained.words.weights)
            )
            trained.use_offsets(fit_label_offsets(trained, resources.training, answers))
    with timer.stage("embed held-out"):
        before = earlier.firsts
        if before is None:
            shortlists = Shortlister(encoder, search, 1).shortlists(resources.development)
            before = first_labels({document.id: ranking for document, ranking in shortlists})
        total = len(resources.labels) + len(resources.development)
        with progress.stage("Embed with the trained encoder", total, "texts") as advance:
            after = trained.rank(resources.development, settings.shortlist)
            advance(total)
    with timer.stage("calibrate"):
        calibration = (
            score_calibration(trained, resources.training, targets.evidence)
            if settings.calibrated
            else None
        )
    measured_from = earlier.measured_from
    if measured_from is None:
        measured_from = sure_yes(all_judged.p_yes, settings)
    with timer.stage("judge held-out"):
        development = measure_development(
            resources.judge,
            resources.store,
            HeldOut(
                documents=resources.development,
                labels=labels,
                before=before,
                after=after,
                known=earlier.development,
                people=resources.people,
                rivals=earlier.rivals,
                named={} if trained.words is None else trained.words.named,
            ),
            DevelopmentRule(
                yes_from=measured_from,
                pairs_per_document=settings.development_pairs,
                budget=development_budget,
            ),
            calibration,
            progress,
        )
    return CycleResult(
        judged=judged,
        yes_from=yes_from,
        measured_from=measured_from,
        documents=len(targets.positives),
        positives=sum(map(len, targets.positives.values())),
        steps=steps,
        loss=loss,
        development=development,
        seconds=timer.seconds,
        scored_documents=0 if of_all is None else len(of_all.documents),
    )


def _targets_of_all(
    scorer: TrainedEncoder,
    resources: RunResources,
    settings: TrainingSettings,
    answers: Answers,
    progress: Progress,
) -> SoftTargets:
    """Return what all documents teach, judged or not."""
    answered = answers.judge.keys() | answers.people.keys()
    documents = [
        document
        for place, document in enumerate(resources.training)
        if place < settings.unjudged_documents or document.id in answered
    ]
    known = resources.untrained
    new = [document for document in documents if document.id not in known]
    with progress.stage("Score documents", len(documents) + len(new), "documents") as advance:
        columns, scores = score_documents(scorer, documents, advance)
        # The untrained encoder knows best which documents are similar: it has not learned labels.
        if new:
            untrained = resources.load_encoder(resources.base, settings.fine_tuning.document_tokens)
            embed_once(untrained, new, known, advance)
        embeddings = np.stack([known[document.id] for document in documents])
    return soft_targets(
        documents,
        [resources.labels[column] for column in columns],
        scores,
        embeddings,
        answers,
    )


def people_said(resources: RunResources) -> PYes:
    """Return what people said about training documents."""
    by_id = {label.id: label for label in resources.labels}
    return prefer_people({}, resources.people, resources.training, by_id)


def _too_few_positives(positives: int, judged: JudgingResult, yes_from: float) -> str | None:
    if positives > 1:
        return None
    return (
        f"the judge says yes (P(yes) from {yes_from:.2f}) for only {positives} of "
        f"{len(judged.p_yes)} documents: {ANOTHER_MODEL}, prompt or profile"
    )
