"""The record of a training run: its settings, what it did, and its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.records import labels_digest
from lmtx_search.settings import Settings
from lmtx_search.training.certainty import share_interval
from lmtx_search.training.common_first_label import common_first_label
from lmtx_search.training.curriculum import Curriculum, earlier
from lmtx_search.training.cycle import CycleResult
from lmtx_search.training.development import FirstLabels, changed, llm_p1
from lmtx_search.training.named_stage import NamedResult
from lmtx_search.training.resources import RunResources
from lmtx_search.training.rivals import kept_because
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.teacher.judging_result import JudgingResult
from lmtx_search.version import __version__


def run_record(
    settings: Settings,
    training: TrainingSettings,
    resources: RunResources,
    judge: OrderedJudge,
    curriculum: Curriculum,
    encoder: Path,
) -> dict[str, Any]:
    """Return the record as a JSON object, without the kind of the run.

    ``measures`` belong to the cycle that was kept; if a rival was kept instead, those of LLM-P@1
    are the rival's. ``counts`` and ``seconds`` sum up all cycles,
    but the counts of training belong to the kept cycle. ``cycles`` lists each cycle. ``threshold``
    and ``calibration`` belong to the encoder that was kept: ``judged``, or one of its rivals.
    """
    cycles = curriculum.cycles
    final = cycles[curriculum.best]
    judged = earlier(cycles).judged
    return {
        "version": __version__,
        "encoder": settings.encoder.name,
        "encoder_path": str(encoder),
        "encoder_digest": encoder_digest(encoder),
        "base_digest": encoder_digest(resources.base),
        "judge": judge_record(judge),
        "order": training.order,
        "hosts": hosts_record(judge, [one for c in cycles for one in _both(c)]),
        "labels_digest": labels_digest(resources.labels),
        "settings": asdict(training),
        "seeds": {"seed": training.seed},
        "counts": {
            "labels": len(resources.labels),
            "documents": len(resources.training),
            "development_documents": len(resources.development),
            "judged_documents": len(judged.p_yes),
            "judged_pairs": judged.pairs,
            **_sum([_calls(cycle) for cycle in cycles]),
            **_trained_on(final),
            **named_counts(curriculum.named),
        },
        "measures": {**_measures(final), **_rival_measures(curriculum)},
        "cycles": [
            {
                "cycle": number,
                "counts": {
                    "judged_documents": len(cycle.judged.p_yes),
                    "judged_pairs": cycle.judged.pairs,
                    **_calls(cycle),
                    **_trained_on(cycle),
                },
                "measures": _measures(cycle),
                "seconds": _rounded(cycle.seconds),
                "threshold": cycle.development.threshold,
                "threshold_rule": cycle.development.threshold_rule,
            }
            for number, cycle in enumerate(cycles, 1)
        ],
        "kept_cycle": curriculum.best + 1,
        "stopped": curriculum.stopped,
        "cycles_from_before": curriculum.went_on,
        "seconds": _rounded(
            _sum(
                [
                    dict(curriculum.named.seconds) if curriculum.named else {},
                    *(cycle.seconds for cycle in cycles),
                ]
            )
        ),
        "words": asdict(curriculum.words.weights) if curriculum.words else None,
        "word_windows": curriculum.words.windows if curriculum.words else None,
        "word_pairs": bool(curriculum.words and curriculum.words.importance.pairs),
        "comparisons": [one.as_record() for one in curriculum.comparisons],
        **_kept(curriculum, resources),
    }


def _rival_measures(curriculum: Curriculum) -> dict[str, Any]:
    """Return the measures of the rival that was kept, beside the untrained encoder ({}: none was).

    Those of the judged encoder stay in ``cycles`` and ``comparisons``.
    """
    if curriculum.rival is None:
        return {}
    cycles = curriculum.cycles
    p_yes, yes_from = earlier(cycles).development.p_yes, cycles[0].measured_from
    before, after = cycles[0].development.firsts_before, curriculum.rival.firsts
    (old, new), documents = llm_p1((before, after), p_yes, yes_from)
    better, worse = changed(before, after, p_yes, yes_from)
    return {
        "llm_p1": new,
        "llm_p1_before": old,
        "llm_p1_documents": documents,
        "llm_p1_interval": _interval(new, documents),
        "llm_p1_before_interval": _interval(old, documents),
        "llm_p1_better": better,
        "llm_p1_worse": worse,
    }


def _kept(curriculum: Curriculum, resources: RunResources) -> dict[str, Any]:
    """Return which encoder was kept, why, and its threshold."""
    because = kept_because(curriculum.comparisons)
    rival = curriculum.rival
    if rival is not None:
        chosen = rival.threshold(resources.development)
        return {
            "kept": rival.name,
            "kept_because": because,
            "common_first_label": _common_first_label(rival.firsts, resources),
            "threshold": chosen.value,
            "threshold_rule": chosen.rule,
            "threshold_interval": chosen.interval,
            "score_spread": asdict(chosen.spread) if chosen.spread else None,
            "lowered_thresholds": dict(chosen.lowered),
            "calibration": None,
        }
    final = curriculum.cycles[curriculum.best].development
    return {
        "kept": "judged",
        "kept_because": because,
        "common_first_label": _common_first_label(final.firsts, resources),
        "threshold": final.threshold,
        "threshold_rule": final.threshold_rule,
        "threshold_interval": final.threshold_interval,
        "score_spread": asdict(final.spread) if final.spread else None,
        "lowered_thresholds": dict(final.lowered),
        "calibration": asdict(final.calibration) if final.calibration else None,
    }


def _common_first_label(firsts: FirstLabels, resources: RunResources) -> dict[str, Any] | None:
    found = common_first_label(firsts, resources.labels)
    return asdict(found) if found else None


def judge_record(judge: OrderedJudge) -> dict[str, Any]:
    """Return the judge, its prompt, and the hosts that failed."""
    return {
        "model": judge.name,
        "digest": judge.digest,
        "prompt": judge.prompt.name,
        "prompt_digest": judge.prompt.digest,
        "lost_hosts": judge.lost,
    }


def hosts_record(judge: OrderedJudge, parts: Sequence[JudgingResult]) -> list[dict[str, Any]]:
    """Return the calls that each host of the judge answered, in all parts together."""
    total = JudgingResult()
    for part in parts:
        total.add(part)
    seconds = total.seconds
    return [
        {
            "host": host,
            "asked": cost.asked,
            "neither": cost.neither,
            "failed": cost.failed,
            "failure": cost.failure or None,
            "pairs_per_second": cost.asked / seconds if seconds else None,
            "lost": judge.lost.get(host),
        }
        for host, cost in sorted(total.hosts.items())
    ]


def _both(cycle: CycleResult) -> tuple[JudgingResult, JudgingResult]:
    return cycle.judged, cycle.development.judged


def _calls(cycle: CycleResult) -> dict[str, int]:
    judged, held_out = _both(cycle)
    return (judged + held_out).calls()


def _trained_on(cycle: CycleResult) -> dict[str, int]:
    return {
        "documents_with_positive": cycle.documents,
        "positives": cycle.positives,
        "scored_documents": cycle.scored_documents,
        "steps": cycle.steps,
    }


def named_counts(named: NamedResult | None) -> dict[str, int]:
    """Return what the stage before the first cycle did ({}: it was left out)."""
    if named is None:
        return {}
    return {
        "named_documents": named.named,
        "named_labels": named.labels,
        "named_stage": int(named.trained),
    }


def _measures(cycle: CycleResult) -> dict[str, Any]:
    development, judged = cycle.development, cycle.judged
    return {
        "llm_p1": development.llm_p1,
        "llm_p1_before": development.llm_p1_before,
        "llm_p1_documents": development.documents,
        "llm_p1_interval": _interval(development.llm_p1, development.documents),
        "llm_p1_before_interval": _interval(development.llm_p1_before, development.documents),
        "llm_p1_better": development.better,
        "llm_p1_worse": development.worse,
        "llm_p1_yes_from": cycle.measured_from,
        "yes_from": cycle.yes_from,
        "loss": cycle.loss,
        "pairs_per_second": judged.asked / judged.seconds if judged.seconds else None,
    }


def _interval(share: float | None, documents: int) -> list[float] | None:
    return None if share is None else list(share_interval(share, documents))


def _sum(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(name for one in parts for name in one)
    return {name: sum(one.get(name, 0) for one in parts) for name in names}


def _rounded(seconds: dict[str, Any]) -> dict[str, float]:
    return {stage: round(value, 1) for stage, value in seconds.items()}
