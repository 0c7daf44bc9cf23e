"""The curriculum of LMTX: the encoder of each cycle makes the shortlists of the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lmtx_search.progress import SILENT, Progress
from lmtx_search.training.cycle import CycleResult, EarlierCycles, run_cycle
from lmtx_search.training.development import llm_p1
from lmtx_search.training.named_once import named_stage
from lmtx_search.training.named_stage import NamedResult
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resume import RunState
from lmtx_search.training.rivals import (
    Comparison,
    Rival,
    best_rival,
    compare_with_rivals,
    open_rivals,
)
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.stage_timer import StageTimer
from lmtx_search.training.teacher.budgets import left, part
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.training.teacher.judging_result import JudgingResult
from lmtx_search.training.trained_encoder import TrainedEncoder
from lmtx_search.training.word_scoring import word_scoring
from lmtx_search.words.weights import WordScoring, fitted


@dataclass(frozen=True)
class Curriculum:
    """All cycles of a run.

    Attributes:
        best: position of the cycle to keep.
        stopped: why the run ended.
        went_on: number of cycles that a stopped run had finished before.
        words: how words count beside the encoder to keep (None: they do not count).
        named: what documents that name a label taught before the first cycle (None: nothing, by
            the settings).
        comparisons: the kept cycle's encoder against those that need no answers of the judge.
        rival: the one of these that is better beyond chance, and is kept instead (None: none is).
    """

    cycles: Sequence[CycleResult]
    best: int
    stopped: str
    went_on: int = 0
    words: WordScoring | None = None
    named: NamedResult | None = None
    comparisons: Sequence[Comparison] = ()
    rival: Rival | None = None


def run_curriculum(
    resources: RunResources,
    settings: TrainingSettings,
    state: RunState,
    progress: Progress = SILENT,
) -> Curriculum:
    """Run cycles until LLM-P@1 no longer rises, at most ``settings.cycles``.

    Before the first cycle, documents that name a label teach the encoder (``named_stage.py``). The
    result, or the base encoder, makes the shortlists of the first cycle. Each later cycle uses the
    encoder that the previous one trained. What is finished is stored in ``state`` and read from
    there.

    Raises:
        LmtxError: the judge or the training failed.
        UserError: the judge says the same to everything.
    """
    results = state.finished()
    went_on = len(results)
    words = word_scoring(resources, settings)

    def open_encoder(cycle: int) -> TrainedEncoder:
        folder = state.encoder(cycle)
        of_cycle = fitted(words, folder.parent)
        return TrainedEncoder(folder, resources, settings.fine_tuning, of_cycle)

    named = named_stage(resources, settings, state, progress)
    taught = open_encoder(0) if named is not None and named.trained else None
    trained = open_encoder(len(results)) if results else taught
    firsts = results[0].development.firsts_before if results else None
    rivals = open_rivals(resources, settings, words, taught, firsts, progress)
    while (why := why_stop(results, settings.cycles)) is None:
        number = len(results) + 1
        timer = StageTimer()
        with timer.stage("label index"):
            encoder, search = resources.open_base() if trained is None else trained.open()
        scorer = trained if settings.unjudged_documents else None
        before = replace(
            earlier(results, named), scorer=scorer, rivals=[rival.firsts for rival in rivals]
        )
        if not results and words is not None:
            # What a deployment without training would give.
            before = replace(before, firsts=rivals[0].firsts)
        state.begin(number)
        trained = open_encoder(number)
        budget = left(settings.budget, _judged(results))
        result = run_cycle(
            resources,
            settings,
            before,
            encoder,
            search,
            part(budget, settings.cycles - len(results)),
            trained,
            progress,
        )
        if result is None:
            why = f"the judge was not asked about a new pair in cycle {number}"
            break
        result.seconds.update(timer.seconds)
        state.keep(number, result)
        results.append(result)
    kept = best(results)
    labels = {label.id: label for label in resources.labels}
    by_judge = earlier(results).development.p_yes
    comparisons = compare_with_rivals(
        results[kept].development.firsts,
        rivals,
        prefer_people(by_judge, resources.people, resources.development, labels),
        results[0].measured_from,
    )
    better = best_rival(comparisons)
    rival = next((one for one in rivals if one.name == better), None)
    if rival is None:
        words = fitted(words, state.encoder(kept + 1).parent)
    return Curriculum(results, kept, why, went_on, words, named, comparisons, rival)


def why_stop(results: Sequence[CycleResult], most: int) -> str | None:
    """Return the reason to run no further cycle, or None to run one."""
    if len(results) > 1:
        (before, after), documents = compare(results, len(results) - 2, len(results) - 1)
        if before is None or after is None:
            return "too few held-out documents were judged to compare cycles"
        if after <= before:
            return (
                f"LLM-P@1 no longer rises: {after:.0%} after cycle {len(results)}, {before:.0%} "
                f"after the one before ({documents} held-out documents)"
            )
    return f"the requested number of cycles was reached ({most})" if len(results) >= most else None


def best(results: Sequence[CycleResult]) -> int:
    """Return the position of the cycle to keep: the last one, unless it was worse.

    If both are equal on the held-out documents, the last one has learned from more answers.
    """
    last = len(results) - 1
    if last < 1:
        return 0
    (before, after), _ = compare(results, last - 1, last)
    return last if before is not None and after is not None and after >= before else last - 1


def compare(results: Sequence[CycleResult], one: int, other: int) -> tuple[list[float | None], int]:
    """Return the LLM-P@1 of two cycles on common held-out documents, and their number."""
    firsts = (results[one].development.firsts, results[other].development.firsts)
    return llm_p1(firsts, earlier(results).development.p_yes, results[0].measured_from)


def earlier(results: Sequence[CycleResult], named: NamedResult | None = None) -> EarlierCycles:
    """Return what the finished cycles, and the stage before them, pass on to the next one."""
    if not results:
        return EarlierCycles(firsts=None if named is None else named.firsts)
    judged, development = JudgingResult(), JudgingResult()
    for result in results:
        judged.add(result.judged)
        development.add(result.development.judged)
    first = results[0]
    return EarlierCycles(judged, development, first.development.firsts_before, first.measured_from)


def _judged(results: Sequence[CycleResult]) -> list[JudgingResult]:
    return [judged for r in results for judged in (r.judged, r.development.judged)]
