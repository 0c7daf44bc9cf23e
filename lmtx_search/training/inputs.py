"""The inputs of a run: labels, documents, judge, and the base encoder with its embeddings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.language_fit import MOST_TEXTS
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.judges.base import Judge
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import Progress
from lmtx_search.records import (
    PERSON,
    Document,
    Judgment,
    Label,
    content_digest,
    labels_digest,
)
from lmtx_search.settings import Settings
from lmtx_search.training.languages import as_note, language_problems
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search
from lmtx_search.version import __version__


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a run.

    Attributes:
        index: the label index.
        training: documents to train on.
        development: documents that are held out.
        base: folder of the encoder in the settings.
        people: all judgments of people.
        fingerprint: a short digest of everything that decides the result of the run.
        since: when the inputs were read (ISO).
    """

    client: Any
    index: LabelIndex
    labels: Sequence[Label]
    training: Sequence[Document]
    development: Sequence[Document]
    judge: OrderedJudge
    base: Path
    people: Sequence[Judgment]
    fingerprint: str
    since: str


def gather_inputs(settings: Settings, training: TrainingSettings, progress: Progress) -> RunInputs:
    """Read the inputs of a run.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster failed.
    """
    since = datetime.now(timezone.utc).isoformat()
    prompt = load_prompt(training.prompt)
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    labels = list(index.labels())
    documents = training_documents(client, settings, training, progress)
    training.check(len(labels), len(documents))
    judge = open_judge(settings, prompt)
    base = chosen_encoder(settings)
    label_texts = [label.text for label in labels[:MOST_TEXTS]]
    for problem, advice in language_problems(
        base, judge.name, label_texts, [document.text for document in documents[:MOST_TEXTS]]
    ):
        progress.note(as_note(problem, advice))
    held_in, held_out = hold_out(documents, training.most_development)
    people = JudgmentStore(client).of(PERSON)
    return RunInputs(
        client=client,
        index=index,
        labels=labels,
        training=held_in,
        development=held_out,
        judge=judge,
        base=base,
        people=people,
        fingerprint=fingerprint(training, encoder_digest(base), judge, labels, documents, people),
        since=since,
    )


def training_documents(
    client: Any, settings: Settings, training: TrainingSettings, progress: Progress
) -> list[Document]:
    """Return the training documents, or a sample of them, in the order that the seed decides.

    The sample includes all documents that people judged. Without an index of training documents
    the result is empty.
    """
    where = settings.documents
    if not client.indices.exists(index=where.training_index):
        return []
    people = {judgment.document_id for judgment in JudgmentStore(client).of(PERSON)}
    with progress.stage("Read training documents", unit="documents") as advance:

        def counted() -> Iterator[Document]:
            for document in read_documents(client, where.training_index, where.text_fields):
                advance(1)
                yield document

        return sample_documents(counted(), training.most_documents, training.seed, people)


def open_base(
    settings: Settings, tuning: FineTuning, inputs: RunInputs, owner: str, progress: Progress
) -> tuple[Encoder, Search]:
    """Return the base encoder for documents, and the search in its label embeddings.

    Args:
        owner: of the label version that is written if none has these embeddings yet.
    """
    index, base = inputs.index, inputs.base
    encoder = load_encoder(settings, folder=base, max_tokens=tuning.document_tokens)
    current = index.require()
    name = current.index
    digest = passages_digest(encoder.digest, tuning.label_tokens)
    if current.encoder_digest != digest or not current.has_words:
        # After a deployment the alias points to the embeddings of another encoder, and the labels
        # of an earlier release have no words. The run writes a version of its own and does not
        # move the alias, so searches are not affected.
        reads_labels = load_encoder(settings, folder=base, max_tokens=tuning.label_tokens)
        exists = index.has_version(digest, encoder.dimension)
        name = index.write_version(
            inputs.labels,
            lambda batch: embed_labels(reads_labels, batch),
            digest,
            encoder.dimension,
            progress,
            None if exists else owner,
        )
    return encoder, partial(index.search, index=name)


def fingerprint(
    training: TrainingSettings,
    base_digest: str,
    judge: Judge,
    labels: Sequence[Label],
    documents: Sequence[Document],
    people: Sequence[Judgment] = (),
) -> str:
    """Return a short digest of everything that decides the result of a run."""
    return content_digest(
        __version__,
        json.dumps(asdict(training), sort_keys=True),
        base_digest,
        judge.digest,
        judge.prompt.digest,
        labels_digest(labels),
        content_digest(*(part for document in documents for part in (document.id, document.text))),
        *(f"{judgment.id} {judgment.p_yes:g}" for judgment in people),
    )[:24]
