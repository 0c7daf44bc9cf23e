"""The curriculum of LMTX: each cycle's better encoder gives the next a better shortlist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.progress import SILENT, Progress
from lmtx_search.training.cycle import Clock, CycleResult, Earlier, run_cycle
from lmtx_search.training.development import llm_p1
from lmtx_search.training.materials import Materials, Trained
from lmtx_search.training.resume import RunState
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.teacher.budgets import left, part
from lmtx_search.training.teacher.judging import Judged


@dataclass(frozen=True)
class Curriculum:
    """All cycles of a run; ``best`` is the position of the one to keep, ``stopped`` why it ended.

    ``went_on`` is how many cycles were there already, from a run that was stopped.
    """

    cycles: Sequence[CycleResult]
    best: int
    stopped: str
    went_on: int = 0


def run_curriculum(
    materials: Materials,
    settings: TrainingSettings,
    state: RunState,
    progress: Progress = SILENT,
) -> Curriculum:
    """Run cycles until LLM-P@1 no longer rises, at most ``settings.cycles``.

    The first cycle's shortlists are made by the base encoder, each other's by the encoder that the
    cycle before it trained. Finished cycles are kept in ``state`` and taken from there.

    Raises:
        LmtxError: the judge failed, or training did.
        UserError: the judge says the same to everything.
    """
    results = state.finished()
    went_on = len(results)
    trained: Trained | None = None
    if results:
        trained = Trained(state.encoder(len(results)), materials, settings.fine_tuning)
    while (why := why_stop(results, settings.cycles)) is None:
        number = len(results) + 1
        clock = Clock()
        with clock.stage("label index"):
            encoder, search = materials.open_base() if trained is None else trained.open()
        trained = Trained(state.encoder(number), materials, settings.fine_tuning)
        budget = left(settings.budget, _judged(results))
        result = run_cycle(
            materials,
            settings,
            earlier(results),
            encoder,
            search,
            part(budget, settings.cycles - len(results)),
            trained,
            progress,
        )
        if result is None:
            why = f"the judge was not asked about a new pair in cycle {number}"
            break
        result.seconds.update(clock.seconds)
        state.keep(number, result)
        results.append(result)
    return Curriculum(results, best(results), why, went_on)


def why_stop(results: Sequence[CycleResult], most: int) -> str | None:
    """Return why no further cycle is run, or None where one is."""
    if len(results) > 1:
        (before, after), documents = compare(results, len(results) - 2, len(results) - 1)
        if before is None or after is None:
            return "too few held-out documents were judged to compare cycles"
        if after <= before:
            return (
                f"LLM-P@1 no longer rises: {after:.0%} after cycle {len(results)}, {before:.0%} "
                f"after the one before ({documents} held-out documents)"
            )
    return f"as many cycles as were asked for ({most})" if len(results) >= most else None


def best(results: Sequence[CycleResult]) -> int:
    """Return the position of the cycle to keep: the last one, unless it was worse.

    Where the held-out documents see no difference, the last one has learned from more answers.
    """
    last = len(results) - 1
    if last < 1:
        return 0
    (before, after), _ = compare(results, last - 1, last)
    return last if before is not None and after is not None and after >= before else last - 1


def compare(results: Sequence[CycleResult], one: int, other: int) -> tuple[list[float | None], int]:
    """Return the LLM-P@1 of two cycles on the same held-out documents, and how many these are."""
    firsts = (results[one].development.firsts, results[other].development.firsts)
    return llm_p1(firsts, earlier(results).development.p_yes, results[0].measured_from)


def earlier(results: Sequence[CycleResult]) -> Earlier:
    """Gather what finished cycles leave to the next."""
    if not results:
        return Earlier()
    judged, development = Judged(), Judged()
    for result in results:
        judged.add(result.judged)
        development.add(result.development.judged)
    first = results[0]
    return Earlier(judged, development, first.development.firsts_before, first.measured_from)


def _judged(results: Sequence[CycleResult]) -> list[Judged]:
    return [judged for r in results for judged in (r.judged, r.development.judged)]
