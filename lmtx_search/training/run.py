"""A training run: from what the cluster holds to an encoder in a folder and a record of it."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lmtx_search import __version__
from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.documents import read_documents
from lmtx_search.cluster.judgments import JudgmentStore
from lmtx_search.cluster.labels import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.folder import encoder_digest, resolve_encoder
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import label_passage, passages_digest
from lmtx_search.errors import MissingExtra
from lmtx_search.judges.base import Judge
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label, content_digest
from lmtx_search.settings import Settings
from lmtx_search.training.cycle import CycleResult, Materials, run_cycle
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import TrainingSettings


def train(
    settings: Settings, training: TrainingSettings, progress: Progress = SILENT
) -> dict[str, Any]:
    """Train the settings' encoder in one cycle and return the run's record.

    The encoder lies in ``data_dir/runs/<run>/encoder`` as a whole or not at all. The record, kept
    in ``lmtx-runs``, holds everything the run did. Judgments are kept as they come: a run that was
    stopped goes on with them when it is started again.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster, the judge or the training failed.
    """
    _need_torch()
    started = time.monotonic()
    prompt = load_prompt(training.prompt)
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    labels = list(index.labels())
    documents = _documents(client, settings, training, progress)
    training.check(len(labels), len(documents))
    judge = OllamaJudge(settings.ollama, prompt)
    base = resolve_encoder(settings.encoder.name, settings.cache_dir)
    there = index.versions()
    materials, shortlists_from = _materials(
        settings, training, base, index, labels, documents, judge, JudgmentStore(client), progress
    )

    run = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    folder = settings.data_dir / "runs" / run
    partial = folder.with_name(f".{run}")
    try:
        result = run_cycle(materials, training, partial / "encoder", progress)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    record = _record(settings, training, materials, judge, result, folder / "encoder")
    record["seconds"]["all"] = round(time.monotonic() - started, 1)
    RunStore(client).save(run, record)
    # Kept where the run fails: the same command then continues with it.
    if shortlists_from not in there:
        index.remove(shortlists_from)
    return {"run": run, **record}


def _documents(
    client: Any, settings: Settings, training: TrainingSettings, progress: Progress
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


def _materials(
    settings: Settings,
    training: TrainingSettings,
    base: Path,
    index: LabelIndex,
    labels: Sequence[Label],
    documents: Sequence[Document],
    judge: Judge,
    store: JudgmentStore,
    progress: Progress,
) -> tuple[Materials, str]:
    """Return what the cycle works with, and the label version that it searches."""
    tuning = training.fine_tuning
    passages = [label_passage(label) for label in labels]
    encoder = load_encoder(settings, folder=base, max_tokens=tuning.document_tokens)
    version = index.require()
    name = version.index
    digest = passages_digest(encoder.digest, tuning.label_tokens)
    if version.encoder_digest != digest:
        # After a deployment the alias points to another encoder's embeddings. A version of our
        # own is written; the alias, and with it whoever searches, stays where it is.
        reads_labels = load_encoder(settings, folder=base, max_tokens=tuning.label_tokens)
        name = index.write_version(
            labels,
            lambda batch: reads_labels.encode([label_passage(label) for label in batch]),
            digest,
            encoder.dimension,
            progress,
        )
    held_in, held_out = hold_out(documents, training.most_development)
    materials = Materials(
        base=base,
        encoder=encoder,
        search=lambda vectors, k: index.search(vectors, k, name),
        load_encoder=lambda folder, tokens: load_encoder(
            settings, folder=folder, max_tokens=tokens
        ),
        labels=labels,
        passages=passages,
        training=held_in,
        development=held_out,
        judge=judge,
        store=store,
    )
    return materials, name


def _record(
    settings: Settings,
    training: TrainingSettings,
    materials: Materials,
    judge: OllamaJudge,
    result: CycleResult,
    encoder: Path,
) -> dict[str, Any]:
    judged, development = result.judged, result.development
    return {
        "kind": "train",
        "version": __version__,
        "encoder": settings.encoder.name,
        "encoder_path": str(encoder),
        "encoder_digest": encoder_digest(encoder),
        "base_digest": encoder_digest(materials.base),
        "judge": {
            "model": judge.name,
            "digest": judge.digest,
            "prompt": judge.prompt.name,
            "prompt_digest": judge.prompt.digest,
            "lost_hosts": judge.lost,
        },
        "labels_digest": content_digest(*(label.digest for label in materials.labels)),
        "settings": asdict(training),
        "seeds": {"seed": training.seed},
        "counts": {
            "labels": len(materials.labels),
            "documents": len(materials.training),
            "development_documents": len(materials.development),
            "judged_documents": len(judged.p_yes),
            "judged_pairs": judged.pairs,
            "asked": judged.asked + development.judged.asked,
            "known": judged.known + development.judged.known,
            "neither": judged.neither + development.judged.neither,
            "documents_with_positive": len(result.positives),
            "positives": sum(map(len, result.positives.values())),
            "steps": result.steps,
        },
        "measures": {
            "llm_p1": development.llm_p1,
            "llm_p1_before": development.llm_p1_before,
            "llm_p1_documents": development.documents,
            "yes_from": result.yes_from,
            "loss": result.loss,
            "pairs_per_second": judged.asked / judged.seconds if judged.seconds else None,
        },
        "seconds": {stage: round(seconds, 1) for stage, seconds in result.seconds.items()},
        "threshold": development.threshold,
        "threshold_rule": development.threshold_rule,
    }


def _need_torch() -> None:
    """Say at once, not after the judging, that the extra is not installed."""
    if not all(map(find_spec, ("torch", "sentence_transformers", "datasets", "accelerate"))):
        raise MissingExtra("train", "Training")
