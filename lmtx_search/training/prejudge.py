"""Judges, before training, the pairs that a training with the same settings asks about first."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.judges.order import OrderedJudge, make_order
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.system.file_locks import only_one
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.document_order import order_documents
from lmtx_search.training.inputs import gather_inputs
from lmtx_search.training.named_once import first_encoder, named_state
from lmtx_search.training.named_stage import NamedResult
from lmtx_search.training.open_resources import open_resources
from lmtx_search.training.record import hosts_record, judge_record, named_counts
from lmtx_search.training.run import need_torch
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.teacher.enough import too_few_judged
from lmtx_search.training.teacher.judging import JudgingTask, Teacher, judge_pairs
from lmtx_search.training.teacher.judging_result import JudgingResult
from lmtx_search.version import __version__


def judge_ahead(
    settings: Settings,
    training: TrainingSettings,
    yes_from: float,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Judge the shortlists of the training documents in the settings' order and return the record.

    The seed decides the order of the documents, without the held-out ones, so that a training with
    the same seed finds the answers. Documents that name a label teach the encoder first, as in a
    training, which then finds this done. Each answer is stored as it arrives, and a stopped run
    continues when it is started again. A label version that is made for it is removed at the end.
    The record is stored in ``lmtx-runs``.

    Args:
        yes_from: the P(yes) that ends a document in the order until-first-yes.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        MissingExtra: torch is not installed, and the settings need it.
        LmtxError: the training from names, the cluster or the last of the judge's hosts failed.
    """
    started = time.monotonic()
    if training.unjudged_documents:
        need_torch("Asking the judge ahead of `train` with the profile small")
    inputs = gather_inputs(settings, training, progress)
    owner = f"judge-{inputs.fingerprint}"
    resources = open_resources(settings, training, inputs, owner, progress)
    by_id = {label.id: label for label in inputs.labels}
    runs = settings.data_dir / "runs"
    folder = runs / f".{owner}"
    with only_one(folder / "lock", "the same judging"):
        try:
            encoder, search, named = first_encoder(
                resources, training, named_state(runs, inputs.named_fingerprint), progress
            )
            shortlister = open_shortlister(
                encoder,
                search,
                training.shortlist,
                documents=inputs.training,
                labels=len(inputs.labels),
                tokens=training.fine_tuning.document_tokens,
                centered=training.centered,
                retrieval=training.retrieval,
                progress=progress,
            )
            documents = order_documents(
                training, encoder, search, inputs.training, len(inputs.labels), progress
            )
            judged = judge_pairs(
                Teacher(
                    inputs.judge,
                    make_order(training.order, yes_from),
                    JudgmentStore(inputs.client),
                ),
                shortlister.pairs(documents, by_id, training.pairs_per_document),
                JudgingTask(f"Judge pairs (at most {training.budget})", training.budget, progress),
            )
        finally:
            with suppress(Exception):  # the cluster may be what failed
                inputs.index.discard(owner)
            shutil.rmtree(folder, ignore_errors=True)
    record = _record(training, yes_from, inputs.judge, judged, len(inputs.training), named)
    record["seconds"] = {
        "shortlist": round(shortlister.seconds, 1),
        "judge": round(judged.seconds - shortlister.seconds, 1),
        "all": round(time.monotonic() - started, 1),
    }
    run = new_run_id()
    RunStore(inputs.client).save(run, record)
    return {"run": run, **record}


def _record(
    training: TrainingSettings,
    yes_from: float,
    judge: OrderedJudge,
    judged: JudgingResult,
    documents: int,
    named: NamedResult | None,
) -> dict[str, Any]:
    seconds = judged.seconds
    return {
        "kind": "judge",
        "version": __version__,
        "judge": judge_record(judge),
        "order": training.order,
        "yes_from": yes_from,
        "settings": asdict(training),
        "seeds": {"seed": training.seed},
        "counts": {
            "documents": documents,
            "judged_documents": len(judged.p_yes),
            "judged_pairs": judged.pairs,
            **judged.calls(),
            **named_counts(named),
        },
        "too_few": too_few_judged(judged, len(judged.p_yes), documents, training),
        "measures": {
            "pairs_per_second": judged.asked / seconds if seconds else None,
            "share_neither": judged.neither / judged.asked if judged.asked else None,
        },
        "hosts": hosts_record(judge, [judged]),
    }
