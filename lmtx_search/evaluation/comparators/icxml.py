"""ICXML's idea: no training; the LLM looks at each document's shortlist when it is tagged.

Zhu, Zamani: ICXML: An In-Context Learning Framework for Zero-Shot Extreme Multi-Label
Classification (Findings of NAACL 2024). Their generated demonstrations are left out: the
encoder's shortlist is re-ranked by the judge's P(yes).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Bench, Comparator, Found
from lmtx_search.evaluation.metrics.all import Output
from lmtx_search.judges.base import Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.training.sampling import sample_documents
from lmtx_search.training.teacher.judging import judge_pairs


class Icxml(Comparator):
    """On a sample of the documents: it asks ``shortlist`` questions for each."""

    def identity(self, bench: Bench) -> str:
        """Return who is asked what, and how much."""
        settings = bench.settings
        judge = settings.judge.gguf if settings.judge.runtime == "llamacpp" else None
        return f"{judge or settings.ollama.model} {load_prompt(bench.prompt).digest} {bench.judged}"

    def run(self, bench: Bench, progress: Progress) -> Found:
        """Ask and rank."""
        judge = open_judge(bench.settings, load_prompt(bench.prompt))
        sample = sample_documents(bench.documents, bench.judged, bench.seed)
        system = systems.encoder(
            bench.settings, bench.labels, untrained_source(bench.settings), "icxml"
        )
        started = time.monotonic()
        rankings = system.rank(sample, progress).rankings
        labels = {label.id: label for label in bench.labels}
        judged = judge_pairs(
            judge,
            Exhaustive(),
            JudgmentStore(bench.client),
            (
                [
                    Pair(document, labels[label], rank)
                    for rank, label in enumerate(rankings[document.id][: bench.shortlist])
                ]
                for document in sample
            ),
            Budget(),
            "Re-rank with the judge",
            progress,
            sample=False,
        )
        reranked = {
            document: rerank(ranking, judged.p_yes.get(document, {}))
            for document, ranking in rankings.items()
        }
        known = f"; {judged.known:,} answers were there before" if judged.known else ""
        return Found(
            Output(reranked),
            tag_seconds=time.monotonic() - started,
            calls=judged.asked + judged.known,
            sample=tuple(document.id for document in sample),
            note=f"{judge.name}, prompt {judge.prompt.name}{known}",
        )


def rerank(ranking: Sequence[str], p_yes: Mapping[str, float]) -> list[str]:
    """Put judged labels first, the likeliest first; the others follow as they were."""
    return sorted(ranking, key=lambda label: -p_yes.get(label, -1.0))


COMPARATOR = Icxml()
