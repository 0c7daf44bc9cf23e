"""What the cycles of a run use, without a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.records import Document, Label
from lmtx_search.training.resources import LoadEncoder, RunResources
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.shortlist import Encoder, Search, search_in
from lmtx_search.training.teacher.judging import Store


def resources_in_memory(
    base: Path,
    load_encoder: LoadEncoder,
    tuning: FineTuning,
    labels: Sequence[Label],
    training: Sequence[Document],
    development: Sequence[Document],
    judge: OrderedJudge,
    store: Store,
) -> RunResources:
    """Return what the cycles use. Labels are searched exactly in memory.

    Args:
        base: folder of the encoder that each cycle trains anew.
        tuning: says how many tokens the encoder reads.
        development: documents that are held out of training.
    """

    def open_base() -> tuple[Encoder, Search]:
        vectors = embed_labels(load_encoder(base, tuning.label_tokens), labels)
        return load_encoder(base, tuning.document_tokens), search_in(vectors, labels)

    return RunResources(
        base=base,
        open_base=open_base,
        publish=lambda encoder, vectors: search_in(vectors, labels),
        load_encoder=load_encoder,
        labels=labels,
        training=training,
        development=development,
        judge=judge,
        store=store,
    )
