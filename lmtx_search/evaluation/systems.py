"""The systems that can be measured, by name: each ranks the labels for documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lmtx_search.cluster.bm25 import rank_bm25
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.version import TaggerVersion

SYSTEMS = ("bm25", "frozen", "tagger")

Ranker = Callable[[Sequence[Document], int, Progress], dict[str, list[str]]]
"""Ranks labels for documents: the ids of the best k by document id."""

_CHUNK = 256


def bm25(client: Any) -> Ranker:
    """OpenSearch's own BM25 of the document against the labels."""

    def rank(documents: Sequence[Document], k: int, progress: Progress) -> dict[str, list[str]]:
        rankings: dict[str, list[str]] = {}
        with progress.stage("Rank with bm25", len(documents), "documents") as advance:
            for start in range(0, len(documents), _CHUNK):
                chunk = documents[start : start + _CHUNK]
                found = rank_bm25(client, [document.text for document in chunk], k)
                for document, ranking in zip(chunk, found, strict=True):
                    rankings[document.id] = [label for label, _ in ranking]
                advance(len(chunk))
        return rankings

    return rank


def frozen(settings: Settings, labels: Sequence[Label]) -> Ranker:
    """The settings' encoder as it is, before any training."""

    def rank(documents: Sequence[Document], k: int, progress: Progress) -> dict[str, list[str]]:
        encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
        with progress.stage("Embed labels with frozen", len(labels), "labels") as advance:
            passages = [label_passage(label) for label in labels]
            vectors = encoder.encode(passages, on_batch=advance)
        reads_documents = load_encoder(settings, max_tokens=settings.encoder.document_tokens)
        ids = [label.id for label in labels]
        return _by_embedding(reads_documents, vectors, ids, documents, k, progress, "frozen")

    return rank


def tagger(settings: Settings, version: TaggerVersion) -> Ranker:
    """A tagger version: all its labels are ranked, whatever its threshold."""

    def rank(documents: Sequence[Document], k: int, progress: Progress) -> dict[str, list[str]]:
        encoder = OnnxEncoder(
            version.encoder_folder,
            version.manifest.document_tokens,
            threads=settings.service.threads,
            precision=version.manifest.precision,
        )
        ids = [label.id for label in version.labels()]
        vectors = version.embeddings()
        return _by_embedding(encoder, vectors, ids, documents, k, progress, "tagger")

    return rank


def _by_embedding(
    encoder: OnnxEncoder,
    labels: Any,
    ids: Sequence[str],
    documents: Sequence[Document],
    k: int,
    progress: Progress,
    name: str,
) -> dict[str, list[str]]:
    with progress.stage(f"Embed documents with {name}", len(documents), "documents") as advance:
        vectors = encoder.encode([document.text for document in documents], on_batch=advance)
    found = nearest(vectors, labels, ids, k)
    return {
        document.id: [label for label, _ in ranking]
        for document, ranking in zip(documents, found, strict=True)
    }
