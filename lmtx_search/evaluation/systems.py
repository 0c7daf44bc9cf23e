"""The systems that can be measured. Each ranks labels for documents and may assign tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.client import names
from lmtx_search.cluster.labels.bm25 import rank_bm25
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.windows import Windows
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.evaluation.metrics.ranking import DEPTH
from lmtx_search.evaluation.ruled_tags import by_rules
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.deployment.options import DEFAULT_MAX_TAGS
from lmtx_search.tagging.scoring.ranking import top_scores
from lmtx_search.tagging.versions.thresholds import Thresholds
from lmtx_search.tagging.versions.version import TaggerVersion

Ranker = Callable[[Sequence[Document], Progress], Output]
"""Returns the output of a system for documents. Documents without text get none."""

_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Rule:
    """The labels that are assigned: at most ``max_tags`` with at least the score ``threshold``.

    ``own`` holds thresholds of single labels, by id.
    """

    threshold: float
    max_tags: int
    own: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class System:
    """A system to measure.

    Attributes:
        of: its version or run.
        rule: None if it only ranks.
        run: the training run that its encoder is of (None: it is of none).
        reads_groups: whether it reads the groups of documents from their fields.
    """

    name: str
    rank: Ranker
    of: str | None = None
    rule: Rule | None = None
    run: str | None = None
    reads_groups: bool = False


def bm25(client: Any, name: str, index: str = names.LABELS) -> System:
    """Return BM25 of OpenSearch, with the document as query against the labels, without tags."""

    def rank(documents: Sequence[Document], progress: Progress) -> Output:
        rankings: dict[str, list[str]] = {}
        with progress.stage(f"Rank with {name}", len(documents), "documents") as advance:
            for start in range(0, len(documents), _CHUNK):
                chunk = documents[start : start + _CHUNK]
                found = rank_bm25(client, [document.text for document in chunk], DEPTH, index)
                for document, ranking in zip(chunk, found, strict=True):
                    rankings[document.id] = [label for label, _ in ranking]
                advance(len(chunk))
        return Output(rankings)

    return System(name, rank)


def encoder(
    settings: Settings, labels: Sequence[Label], source: EncoderSource, name: str
) -> System:
    """Return an encoder that is not deployed, in fp32 (or bf16 where that is fast).

    It assigns the tags that a deployment with default options would assign; an untrained encoder
    is measured alone, without words, at the default threshold.
    """
    notes = source.reading_notes(settings)
    settings = source.as_read(settings)
    source, changed = source.for_labels(labels)
    applied = source.applied_from(settings.documents)
    rule = Rule(applied.general, DEFAULT_MAX_TAGS, applied.own)

    def rank(documents: Sequence[Document], progress: Progress) -> Output:
        for note in (*notes, *changed):
            progress.note(note)

        def load(tokens: int) -> OnnxEncoder:
            return load_encoder(settings, max_tokens=tokens, folder=source.folder)

        with progress.stage(f"Embed labels with {name}", len(labels), "labels") as advance:
            reads_labels = load(settings.encoder.label_tokens)
            vectors = embed_labels(reads_labels, labels, advance)
        ids = [label.id for label in labels]
        reads_documents = load(settings.encoder.document_tokens)
        reader = TextReader(reads_documents, Windows.of(settings.encoder), source.words)
        return _output(name, reader, labels, ids, vectors, rule, documents, progress)

    return System(name, rank, source.run or source.name, rule, source.run)


def tagger(settings: Settings, version: TaggerVersion, name: str) -> System:
    """Return a tagger version.

    It ranks all its labels, including those below the threshold, and assigns tags by its rules.
    """
    manifest = version.manifest
    rule = Rule(manifest.threshold, manifest.max_tags, manifest.own_thresholds)
    rules = version.rules()
    grouped = rules is not None and rules.group_field is not None

    def rank(documents: Sequence[Document], progress: Progress) -> Output:
        reads_documents = OnnxEncoder(
            version.document_encoder_folder,
            manifest.document_tokens,
            threads=settings.service.threads,
            precision=manifest.precision,
        )
        words = None if manifest.words is None else version.words(len(reads_documents.vocabulary()))
        reader = TextReader(reads_documents, manifest.windows, words)
        rows, labels = version.rows(), version.labels()
        found = _output(name, reader, labels, rows.ids, rows.embeddings, rule, documents, progress)
        return by_rules(name, found, version, documents, settings.service.threads, progress)

    return System(name, rank, manifest.version, rule, manifest.run, grouped)


def _output(
    name: str,
    reader: TextReader,
    labels: Iterable[Label],
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    rule: Rule,
    documents: Sequence[Document],
    progress: Progress,
) -> Output:
    documents = [document for document in documents if document.text.strip()]
    texts = [document.text for document in documents]
    with progress.stage(f"Embed documents with {name}", len(documents), "documents") as advance:
        depth = max(DEPTH, rule.max_tags)
        found = rank_labels(reader, texts, labels, ids, vectors, depth, on_batch=advance)
    rankings: dict[str, list[str]] = {}
    tags: dict[str, list[str]] = {}
    least = Thresholds(rule.threshold, rule.own).rows(ids)
    row_of = {label: row for row, label in enumerate(ids)}
    for document, ranking in zip(documents, found, strict=True):
        rankings[document.id] = [label for label, _ in ranking[:DEPTH]]
        # In the order of the labels, because that is how a tagger orders equal scores.
        scored = sorted((row_of[label], score) for label, score in ranking)
        rows = [row for row, _ in scored]
        scores = np.array([[score for _, score in scored]], dtype=np.float32)
        (best,) = top_scores(scores, rule.max_tags, least[rows])
        tags[document.id] = [ids[rows[column]] for column, _ in best]
    return Output(rankings, tags)
