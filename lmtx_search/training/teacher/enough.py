"""Whether enough documents were judged to train on, and the budget that would be enough."""

from __future__ import annotations

import math

from lmtx_search.judges.base import ANOTHER_MODEL, SERVER, SHORTER
from lmtx_search.judges.llamacpp import HOST as IN_PROCESS
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.teacher.judging_result import JudgingResult

# Measured by bench/judge.py (docs/benchmarks.md).
_FASTER = (
    "judge.runtime = llamacpp (the extra llamacpp) is several times as fast as Ollama on a CPU"
)


def too_few_judged(
    judged: JudgingResult, documents: int, available: int, settings: TrainingSettings
) -> str | None:
    """Return why the judged documents are too few to train on (None: they are enough).

    The text says how long the judge needs for the rest, and which budget is enough.

    Args:
        judged: all answers of the judge about training documents so far.
        documents: number of documents with an answer of the judge or of a person.
        available: number of training documents. If all of them have an answer, they are enough.
    """
    least = min(settings.least_documents, available)
    if documents >= least:
        return None
    text = (
        f"only {documents} documents were judged in {_minutes(judged.seconds)}, "
        f"and {least} are needed to train on (--least-documents)"
    )
    if judged.failed > max(judged.neither, judged.pairs):
        return (
            f"{text}: the judge's server failed on {judged.failed} of {judged.asked} questions "
            f"({judged.failure}), {SERVER}"
        )
    if judged.too_long > judged.pairs:
        return (
            f"{text}: {judged.too_long} of {judged.asked} prompts do not fit into the context of "
            f"the judge, {SHORTER}"
        )
    if judged.neither > judged.pairs:
        return (
            f"{text}: {judged.neither} of {judged.asked} answers were neither yes nor no, "
            f"{ANOTHER_MODEL} or prompt"
        )
    text += f": {_enough(judged, least - documents, settings)}"
    return text if IN_PROCESS in judged.hosts else f"{text}; {_FASTER}"


def _enough(judged: JudgingResult, missing: int, settings: TrainingSettings) -> str:
    """Return the budget that is enough for the missing documents, in words."""
    per_document = settings.pairs_per_document
    if judged.p_yes:
        per_document = math.ceil(judged.pairs / len(judged.p_yes))
    # A part of the budget is for held-out documents, and each cycle has an equal share.
    whole = settings.cycles / (1 - settings.development_share)
    if settings.budget.calls is not None:
        # Answers that are kept count as calls.
        calls = (judged.asked + judged.known + missing * per_document) * whole
        return f"raise --judge-budget to {math.ceil(calls)} or more"
    if not judged.asked:
        return "raise --judge-budget"
    seconds = missing * per_document * judged.seconds / judged.asked
    return (
        f"the other {missing} take about {_minutes(seconds)}. Run the same command again with "
        f"--judge-budget {math.ceil(seconds * whole / 60)}m; all answers are kept"
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
