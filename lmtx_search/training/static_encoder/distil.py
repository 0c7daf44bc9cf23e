"""Distils the encoder of a tagger on the training documents of the cluster."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.description import describe
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader
from lmtx_search.encoder.windows import Windows, word_windows
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS, word_scoring
from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label, content_digest, labels_digest
from lmtx_search.settings import Settings
from lmtx_search.training.profiles import small
from lmtx_search.training.run import can_train
from lmtx_search.training.static_encoder.answers import answers_about
from lmtx_search.training.static_encoder.fidelity import (
    Comparison,
    LabelSet,
    compare_with_teacher,
)
from lmtx_search.training.static_encoder.held_out import (
    Split,
    held_out_by,
    sampled_as,
    split_documents,
)
from lmtx_search.training.static_encoder.settings import LEAST_DOCUMENTS, Distillation
from lmtx_search.training.training_documents import training_documents
from lmtx_search.words.weights import DEFAULT_FACTOR, WordScoring

# Increased when a student is made in another way, so that older ones are not used.
_FORM = 4


@dataclass(frozen=True)
class Teacher:
    """The encoder of a tagger.

    Attributes:
        folder: its sentence-transformers folder.
        calibration: of its scores.
        words: how words count beside it (None: they do not count).
        record: of its training run (None: it was not trained).
        fit_words: whether words count as the training documents suggest.
    """

    folder: Path
    calibration: Calibration | None = None
    words: WordScoring | None = None
    record: Mapping[str, Any] | None = None
    fit_words: bool = False


@dataclass(frozen=True, slots=True)
class Distilled:
    """A student: its sentence-transformers folder, and how it compares with its teacher.

    Attributes:
        words: how words count beside either of them (None: they do not count).
    """

    folder: Path
    comparison: Comparison
    words: WordScoring | None


def distil(
    settings: Settings,
    teacher: Teacher,
    distillation: Distillation | None = None,
    progress: Progress = SILENT,
) -> Distilled:
    """Distil an encoder into a static one and compare both on held-out documents.

    The student is kept in the cache. The same teacher, labels and documents give the same student.

    Raises:
        MissingExtra: torch is not installed.
        UserError: the encoder is a static one, or there are too few training documents.
    """
    if not can_train():
        raise MissingExtra("train", "Distilling a static encoder")
    if describe(teacher.folder).static:
        raise UserError(f"the encoder {teacher.folder} is a static one: leave out --static")
    distillation = distillation or Distillation()
    client = connect(settings.opensearch)
    labels = list(LabelIndex(client).labels())
    training = sampled_as(small(settings.encoder), teacher.record)
    documents = training_documents(client, settings, training, progress)
    if len(documents) < LEAST_DOCUMENTS:
        raise UserError(
            f"a static encoder learns from at least {LEAST_DOCUMENTS} training documents, and "
            f"there are {len(documents):,}: `lmtx-search docs load FILE` first, or deploy without "
            "--static"
        )
    held_out = None
    if teacher.record is not None:
        held_out = held_out_by(teacher.folder, documents, training)
    split = split_documents(documents, held_out, distillation, progress)
    wanted, tuned = settings.encoder, Windows.of(settings.encoder)
    reads_labels = load_encoder(settings, max_tokens=wanted.label_tokens, folder=teacher.folder)
    encoder = load_encoder(settings, max_tokens=wanted.document_tokens, folder=teacher.folder)
    with progress.stage("Embed labels", len(labels), "labels") as advance:
        label_set = LabelSet(labels, embed_labels(reads_labels, labels, advance))
    digest = _digest(settings, encoder.digest, labels, split, distillation)
    folder = settings.cache_dir / "students" / digest[:32]
    if not folder.is_dir():
        from lmtx_search.training.static_encoder.student_folder import make_student

        with _new_folder(folder) as partial:
            make_student(
                partial,
                encoder,
                label_set.embeddings,
                [document.text for document in split.teaching],
                [document.text for document in split.choosing],
                distillation,
                tuned.most,
                progress,
            )
    # A deployed student reads in fp32.
    student = load_encoder(
        settings, max_tokens=wanted.document_tokens, folder=folder, precision="fp32"
    )
    words = _words(teacher, encoder, labels, documents, tuned.most)
    store = JudgmentStore(client)
    answers, yes_from = answers_about(store, teacher.record, split.measuring, labels, progress)
    with progress.stage("Compare with the trained encoder", unit="documents") as advance:
        comparison = compare_with_teacher(
            student.digest,
            TextReader(encoder, tuned, words),
            TextReader(student, tuned, words),
            label_set,
            split.measuring,
            teacher.calibration,
            answers,
            yes_from,
            None if words is None else words.named,
        )
        advance(len(split.measuring))
    return Distilled(folder, comparison, words)


def _words(
    teacher: Teacher,
    encoder: OnnxEncoder,
    labels: Sequence[Label],
    documents: Sequence[Document],
    windows: int,
) -> WordScoring | None:
    """Return how words count, with the number of documents that name each label.

    The record of a run does not have these numbers, so the documents are read for them.
    """
    if teacher.words is None and not teacher.fit_words:
        return None
    texts = [document.text for document in documents[:MOST_DOCUMENTS]]
    for_words = word_windows(encoder.max_tokens, windows)
    if teacher.words is not None:
        for_words = max(teacher.words.windows, windows)
    found = word_scoring(encoder, labels, texts, for_words, DEFAULT_FACTOR)
    return found if teacher.words is None else replace(teacher.words, named=found.named)


def _digest(
    settings: Settings,
    encoder: str,
    labels: Sequence[Label],
    split: Split,
    distillation: Distillation,
) -> str:
    """Return the digest of everything that decides what the student is."""
    wanted = settings.encoder
    return content_digest(
        f"{_FORM} {wanted.document_tokens} {wanted.label_tokens} {wanted.windows}",
        json.dumps(asdict(distillation), sort_keys=True),
        encoder,
        labels_digest(labels),
        *(document.text for document in split.teaching),
        "",
        *(document.text for document in split.choosing),
    )


@contextlib.contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """Make a folder that appears completely or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        yield partial
        partial.chmod(0o755)
        # Another process may have made the same folder in the meantime.
        with contextlib.suppress(OSError):
            partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
