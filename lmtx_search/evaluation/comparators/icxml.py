"""The idea of ICXML: no training; the LLM re-ranks the shortlist of each document.

Zhu, Zamani: ICXML: An In-Context Learning Framework for Zero-Shot Extreme Multi-Label
Classification (Findings of NAACL 2024). Their generated demonstrations are left out: the
encoder's shortlist is re-ranked by the judge's P(yes).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.errors import LmtxError
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.judges.base import Pair
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.training.sampling import sample_documents
from lmtx_search.training.teacher.judging import (
    JudgingTask,
    Teacher,
    judge_pairs,
    require_answers,
)


class Icxml(Comparator):
    """Re-ranks a sample of the documents, with ``shortlist`` questions for each."""

    def identity(self, context: ComparisonContext) -> str:
        """Return the judge, its prompt, and the size of the sample."""
        settings = context.settings
        judge = settings.judge.gguf if settings.judge.runtime == "llamacpp" else None
        prompt = load_prompt(context.prompt)
        return f"{judge or settings.ollama.model} {prompt.digest} {context.judged}"

    def is_current(
        self, stored: ComparatorResult, context: ComparisonContext, progress: Progress
    ) -> bool:
        """Return whether the judge that answered still has its name: a name may get another model.

        Without a judge that answers, stored results are shown.
        """
        try:
            return open_judge(context.settings, load_prompt(context.prompt)).digest == stored.judge
        except LmtxError as error:
            progress.note(
                "icxml: the stored result is shown without checking that the judge is still the "
                f"same, because it cannot be opened ({error})"
            )
            return True

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Ask the judge, then rank labels for the sample."""
        judge = open_judge(context.settings, load_prompt(context.prompt))
        sample = sample_documents(context.documents, context.judged, context.seed)
        system = systems.encoder(
            context.settings, context.labels, untrained_source(context.settings), "icxml"
        )
        started = time.monotonic()
        rankings = system.rank(sample, progress).rankings
        labels = {label.id: label for label in context.labels}
        judged = judge_pairs(
            Teacher(judge, Exhaustive(), JudgmentStore(context.client)),
            (
                [
                    Pair(document, labels[label], rank)
                    for rank, label in enumerate(rankings[document.id][: context.shortlist])
                ]
                for document in sample
            ),
            JudgingTask(
                "Re-rank with the judge",
                progress=progress,
                sample=False,
                without_answer="the re-ranking puts their labels behind all judged ones",
            ),
        )
        require_answers(judged)
        reranked = {
            document: rerank(ranking, judged.p_yes.get(document, {}))
            for document, ranking in rankings.items()
        }
        known = f"; {judged.known:,} answers were already stored" if judged.known else ""
        failed = f"; its server failed on {judged.failed:,} questions" if judged.failed else ""
        return ComparatorResult(
            Output(reranked),
            tag_seconds=time.monotonic() - started,
            calls=judged.asked + judged.known,
            sample=tuple(document.id for document in sample),
            note=f"{judge.name}, prompt {judge.prompt.name}{known}{failed}",
            judge=judge.digest,
        )


def rerank(ranking: Sequence[str], p_yes: Mapping[str, float]) -> list[str]:
    """Put judged labels first, the most likely one first. The others keep their order."""
    return sorted(ranking, key=lambda label: -p_yes.get(label, -1.0))


COMPARATOR = Icxml()
