"""A training run: from what the cluster holds to an encoder in a folder and a record of it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search import __version__
from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.documents import read_documents
from lmtx_search.cluster.judgments import JudgmentStore
from lmtx_search.cluster.labels import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.embedded.locks import only_one
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
from lmtx_search.training.curriculum import run_curriculum
from lmtx_search.training.materials import Materials
from lmtx_search.training.record import labels_digest, run_record
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search
from lmtx_search.training.state import RunState


def train(
    settings: Settings, training: TrainingSettings, progress: Progress = SILENT
) -> dict[str, Any]:
    """Train the settings' encoder in cycles and return the run's record.

    The best encoder lies in ``data_dir/runs/<run>/encoder`` as a whole or not at all. The record,
    kept in ``lmtx-runs``, holds everything the run did. Judgments and finished cycles are kept as
    they come: a run that was stopped goes on with them when it is started again. The alias of the
    label index stays where it is; versions made for the run are gone at its end.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster, the judge or the training failed, or the same run is under way.
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
    owner, materials = _materials(
        settings, training, index, labels, documents, judge, JudgmentStore(client), progress
    )

    run = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    runs = settings.data_dir / "runs"
    state = RunState(runs / f".{owner}")
    with only_one(state.folder / "lock", "the same training"):
        try:
            curriculum = run_curriculum(materials, training, state, progress)
        except BaseException:
            state.remove_unless_finished()
            with suppress(Exception):  # the cluster may be what failed
                index.discard(owner)
            raise
        index.discard(owner)
        encoder = state.hand_over(curriculum.best + 1, runs / run)
        record = run_record(settings, training, materials, judge, curriculum, encoder)
        record["seconds"]["all"] = round(time.monotonic() - started, 1)
        RunStore(client).save(run, record)
        state.remove()
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
    index: LabelIndex,
    labels: Sequence[Label],
    documents: Sequence[Document],
    judge: Judge,
    store: JudgmentStore,
    progress: Progress,
) -> tuple[str, Materials]:
    """Return what the cycles work with, and the name under which the run owns what it makes."""
    tuning = training.fine_tuning
    base = resolve_encoder(settings.encoder.name, settings.cache_dir)
    passages = [label_passage(label) for label in labels]
    owner = _fingerprint(training, encoder_digest(base), judge, labels, documents)

    def embedded_by(encoder: Encoder) -> str:
        return passages_digest(encoder.digest, tuning.label_tokens)

    def publish(encoder: Encoder, vectors: NDArray[np.float32]) -> Search:
        name = index.write_version(
            labels, vectors, embedded_by(encoder), encoder.dimension, progress, owner
        )
        index.discard(owner, but=name)
        return lambda queries, k: index.search(queries, k, name)

    def open_base() -> tuple[Encoder, Search]:
        encoder = load_encoder(settings, folder=base, max_tokens=tuning.document_tokens)
        current = index.require()
        name = current.index
        digest = embedded_by(encoder)
        if current.encoder_digest != digest:
            # After a deployment the alias points to another encoder's embeddings. A version of our
            # own is written; the alias, and with it whoever searches, stays where it is.
            reads_labels = load_encoder(settings, folder=base, max_tokens=tuning.label_tokens)
            kept = index.has_version(digest, encoder.dimension)
            name = index.write_version(
                labels,
                lambda batch: reads_labels.encode([label_passage(label) for label in batch]),
                digest,
                encoder.dimension,
                progress,
                None if kept else owner,
            )
        return encoder, lambda queries, k: index.search(queries, k, name)

    held_in, held_out = hold_out(documents, training.most_development)
    return owner, Materials(
        base=base,
        open_base=open_base,
        publish=publish,
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


def _fingerprint(
    training: TrainingSettings,
    base_digest: str,
    judge: Judge,
    labels: Sequence[Label],
    documents: Sequence[Document],
) -> str:
    """Return a short digest of everything that decides what comes out of a run."""
    return content_digest(
        __version__,
        json.dumps(asdict(training), sort_keys=True),
        base_digest,
        judge.digest,
        judge.prompt.digest,
        labels_digest(labels),
        content_digest(*(part for document in documents for part in (document.id, document.text))),
    )[:24]


def _need_torch() -> None:
    """Say at once, not after the judging, that the extra is not installed."""
    if not all(map(find_spec, ("torch", "sentence_transformers", "datasets", "accelerate"))):
        raise MissingExtra("train", "Training")
