"""What a run is given: labels, documents, judge, and the base encoder with its embeddings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.folder import encoder_digest, resolve_encoder
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.judges.base import Judge
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import Progress
from lmtx_search.records import PERSON, Document, Judgment, Label, content_digest
from lmtx_search.settings import Settings
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search
from lmtx_search.version import __version__


@dataclass(frozen=True)
class Given:
    """What a run works with.

    Attributes:
        index: where the labels are.
        training, development: its documents; the latter are held out.
        base: folder of the encoder that the settings name.
        people: all that people said of any pair.
        fingerprint: a short digest of everything that decides what comes out of the run.
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


def find_given(settings: Settings, training: TrainingSettings, progress: Progress) -> Given:
    """Gather what a run is given.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster failed.
    """
    prompt = load_prompt(training.prompt)
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    labels = list(index.labels())
    documents = training_documents(client, settings, training, progress)
    training.check(len(labels), len(documents))
    judge = open_judge(settings, prompt)
    base = resolve_encoder(settings.encoder.name, settings.cache_dir)
    held_in, held_out = hold_out(documents, training.most_development)
    people = JudgmentStore(client).of(PERSON)
    return Given(
        client=client,
        index=index,
        labels=labels,
        training=held_in,
        development=held_out,
        judge=judge,
        base=base,
        people=people,
        fingerprint=fingerprint(training, encoder_digest(base), judge, labels, documents, people),
    )


def training_documents(
    client: Any, settings: Settings, training: TrainingSettings, progress: Progress
) -> list[Document]:
    """Return the training documents, or a sample of them, in the order that the seed decides.

    Documents of which people said something are all in the sample.

    Args:
        client: of the cluster. Without the index of training documents there are none.
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
    settings: Settings, tuning: FineTuning, given: Given, owner: str, progress: Progress
) -> tuple[Encoder, Search]:
    """Return the base encoder, as it reads documents, and the search in its labels' embeddings.

    Args:
        owner: of the label version that is written where there is none of these embeddings.
    """
    index, base = given.index, given.base
    encoder = load_encoder(settings, folder=base, max_tokens=tuning.document_tokens)
    current = index.require()
    name = current.index
    digest = passages_digest(encoder.digest, tuning.label_tokens)
    if current.encoder_digest != digest:
        # After a deployment the alias points to another encoder's embeddings. A version of our
        # own is written; the alias, and with it whoever searches, stays where it is.
        reads_labels = load_encoder(settings, folder=base, max_tokens=tuning.label_tokens)
        kept = index.has_version(digest, encoder.dimension)
        name = index.write_version(
            given.labels,
            lambda batch: embed_labels(reads_labels, batch),
            digest,
            encoder.dimension,
            progress,
            None if kept else owner,
        )
    return encoder, lambda queries, k: index.search(queries, k, name)


def labels_digest(labels: Sequence[Label]) -> str:
    """Return the digest of a label set, ids and contents, in its order."""
    return content_digest(*(part for label in labels for part in (label.id, label.digest)))


def fingerprint(
    training: TrainingSettings,
    base_digest: str,
    judge: Judge,
    labels: Sequence[Label],
    documents: Sequence[Document],
    people: Sequence[Judgment] = (),
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
        *(f"{judgment.id} {judgment.p_yes:g}" for judgment in people),
    )[:24]
