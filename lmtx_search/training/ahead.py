"""Judging ahead of training: the pairs that a training with the same settings asks about first."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search import __version__
from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.documents import read_documents
from lmtx_search.cluster.judgments import JudgmentStore
from lmtx_search.cluster.labels import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.folder import resolve_encoder
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order import Order, OrderedJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.training.judging import Judged, judge_in_order
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Shortlister, pairs


def judge_ahead(
    settings: Settings,
    training: TrainingSettings,
    order: Order,
    order_name: str,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Judge the training documents' shortlists within the budget and return a record of it.

    Documents come in the order that the seed decides, held-out ones excepted, so that a training
    with the same seed finds the answers. Answers are kept as they come: a run that was stopped
    goes on with them when it is started again. The record is kept in ``lmtx-runs``.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster or the last of the judge's hosts failed.
    """
    started = time.monotonic()
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    labels = list(index.labels())
    documents = _documents(client, settings, training, progress)
    training.check(len(labels), len(documents))
    judge = open_judge(settings, load_prompt(training.prompt))
    shortlister = _shortlister(settings, training, index, labels, progress)
    by_id = {label.id: label for label in labels}
    held_in, _ = hold_out(documents, training.most_development)
    judged = judge_in_order(
        judge,
        order,
        JudgmentStore(client),
        (
            pairs(document, ranking, by_id, training.pairs_per_document)
            for document, ranking in shortlister.shortlists(held_in)
        ),
        training.budget,
        f"Judge pairs (at most {training.budget})",
        progress,
    )
    record = _record(training, order_name, judge, judged, len(held_in))
    record["seconds"] = {
        "shortlist": round(shortlister.seconds, 1),
        "judge": round(judged.seconds - shortlister.seconds, 1),
        "all": round(time.monotonic() - started, 1),
    }
    run = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    RunStore(client).save(run, record)
    return {"run": run, **record}


def _documents(
    client: OpenSearch, settings: Settings, training: TrainingSettings, progress: Progress
) -> list[Document]:
    where = settings.documents
    if not client.indices.exists(index=where.training_index):
        return []
    with progress.stage("Read training documents", unit="documents") as advance:

        def counted() -> Iterator[Document]:
            for document in read_documents(client, where.training_index, where.text_fields):
                advance(1)
                yield document

        return sample_documents(counted(), training.most_documents, training.seed)


def _shortlister(
    settings: Settings,
    training: TrainingSettings,
    index: LabelIndex,
    labels: list[Label],
    progress: Progress,
) -> Shortlister:
    """Make shortlists with the encoder that training starts from."""
    tuning = training.fine_tuning
    base = resolve_encoder(settings.encoder.name, settings.cache_dir)
    encoder = load_encoder(settings, folder=base, max_tokens=tuning.document_tokens)
    version = index.require()
    name = version.index
    if version.encoder_digest != encoder.digest:
        # The alias points to a deployed encoder's embeddings: a version beside it is searched.
        reads_labels = load_encoder(settings, folder=base, max_tokens=tuning.label_tokens)
        name = index.write_version(
            labels,
            lambda batch: reads_labels.encode([label_passage(label) for label in batch]),
            encoder.digest,
            encoder.dimension,
            progress,
        )
    return Shortlister(
        encoder, lambda vectors, k: index.search(vectors, k, name), training.shortlist
    )


def _record(
    training: TrainingSettings, order: str, judge: OrderedJudge, judged: Judged, documents: int
) -> dict[str, Any]:
    seconds = judged.seconds
    return {
        "kind": "judge",
        "version": __version__,
        "judge": {
            "model": judge.name,
            "digest": judge.digest,
            "prompt": judge.prompt.name,
            "prompt_digest": judge.prompt.digest,
            "lost_hosts": judge.lost,
        },
        "order": order,
        "settings": asdict(training),
        "seeds": {"seed": training.seed},
        "counts": {
            "documents": documents,
            "judged_documents": len(judged.p_yes),
            "judged_pairs": judged.pairs,
            "asked": judged.asked,
            "known": judged.known,
            "neither": judged.neither,
        },
        "measures": {
            "pairs_per_second": judged.asked / seconds if seconds else None,
            "share_neither": judged.neither / judged.asked if judged.asked else None,
        },
        "hosts": [
            {
                "host": host,
                "asked": cost.asked,
                "neither": cost.neither,
                "pairs_per_second": cost.asked / seconds if seconds else None,
                "lost": judge.lost.get(host),
            }
            for host, cost in sorted(judged.hosts.items())
        ],
    }
