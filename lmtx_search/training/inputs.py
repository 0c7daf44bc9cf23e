"""The inputs of a run: labels, documents, judge, and the base encoder with its embeddings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.missing_prompts import missing_prompts
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.errors import UserError
from lmtx_search.judges.base import ANOTHER_MODEL, Judge
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
    short_digest,
)
from lmtx_search.settings import Settings
from lmtx_search.sources.label_rules import rules_of
from lmtx_search.training.languages import as_note, note_languages
from lmtx_search.training.sampling import hold_out, note_copies
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search, without
from lmtx_search.training.training_documents import training_documents
from lmtx_search.version import __version__


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a run.

    Attributes:
        index: the label index.
        labels: those that the tagger may assign: all but those for people only.
        people_only: the labels for people only. The judge is not asked about them.
        training: documents to train on.
        development: documents that are held out.
        base: folder of the encoder in the settings.
        people: all judgments of people.
        fingerprint: a short digest of everything that decides the result of the run.
        named_fingerprint: the same for the stage before the first cycle.
        since: when the inputs were read (ISO, by the cluster's clock).
    """

    client: Any
    index: LabelIndex
    labels: Sequence[Label]
    people_only: Sequence[Label]
    training: Sequence[Document]
    development: Sequence[Document]
    judge: OrderedJudge
    base: Path
    people: Sequence[Judgment]
    fingerprint: str
    named_fingerprint: str
    since: str


def gather_inputs(settings: Settings, training: TrainingSettings, progress: Progress) -> RunInputs:
    """Read the inputs of a run.

    Raises:
        UserError: no labels or documents, no judge, or settings or rules that do not fit them.
        LmtxError: the cluster failed.
    """
    prompt = load_prompt(training.prompt)
    client = connect(settings.opensearch)
    since = cluster_time(client).isoformat()
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    every = list(index.labels())
    rules = rules_of(settings.label, every, progress)
    ids = frozenset(() if rules is None else rules.people_only)
    labels = [label for label in every if label.id not in ids]
    people_only = [label for label in every if label.id in ids]
    if people_only:
        progress.note(
            f"Left out: labels for people only (label.rules): {len(people_only):,}. The judge is "
            "not asked about them, and the encoder does not learn them"
        )
    documents = training_documents(client, settings, training, progress)
    training.check(len(labels), len(documents))
    judge = open_judge(settings, prompt)
    if judge.chat_problem:
        progress.note(as_note(judge.chat_problem, ANOTHER_MODEL))
    base = chosen_encoder(settings)
    if missing := missing_prompts(settings.encoder, base):
        progress.note(as_note(*missing))
    note_languages(settings, base, judge.name, labels, documents, progress)
    note_copies(documents, progress)
    held_in, held_out = hold_out(documents, training.most_development)
    if not held_in:
        raise UserError(
            f"{len(documents)} training documents with a single text are too few, because some are "
            "held out of the training: load more (`lmtx-search docs load FILE`)"
        )
    people = JudgmentStore(client).of(PERSON)
    base_digest = encoder_digest(base)
    return RunInputs(
        client=client,
        index=index,
        labels=labels,
        people_only=people_only,
        training=held_in,
        development=held_out,
        judge=judge,
        base=base,
        people=people,
        fingerprint=fingerprint(training, base_digest, judge, labels, documents, people),
        named_fingerprint=named_fingerprint(training, base_digest, labels, held_in, held_out),
        since=since,
    )


def open_base(
    settings: Settings, tuning: FineTuning, inputs: RunInputs, owner: str, progress: Progress
) -> tuple[Encoder, Search]:
    """Return the base encoder for documents, and the search in its label embeddings.

    Args:
        owner: of the label version that is written if none has these embeddings of these labels.
    """
    index, base = inputs.index, inputs.base
    encoder = load_encoder(settings, folder=base, max_tokens=tuning.document_tokens)
    current = index.require()
    name = current.index
    digest = passages_digest(encoder.digest, tuning.label_tokens, encoder.form.label_prompt)
    if current.encoder_digest != digest or not current.has_words:
        # After a deployment the alias points to the embeddings of another encoder, and the labels
        # of an earlier release have no words. A run holds no lock, and a load of labels may be
        # writing the other versions: the run reads them, and writes only a version of its own.
        every = [*inputs.labels, *inputs.people_only]
        digests = {label.id: short_digest(label.digest) for label in every}
        name = index.version_with(digests, digest, encoder.dimension) or _own_version(
            settings, tuning, inputs, digest, owner, progress
        )
    search: Search = partial(index.search, index=name)
    hidden = frozenset(label.id for label in inputs.people_only)
    return encoder, without(search, hidden) if hidden else search


def _own_version(
    settings: Settings,
    tuning: FineTuning,
    inputs: RunInputs,
    digest: str,
    owner: str,
    progress: Progress,
) -> str:
    # Labels of an index are embedded in fp32, so that all machines write the same.
    encoder = load_encoder(
        settings, folder=inputs.base, max_tokens=tuning.label_tokens, precision="fp32"
    )
    return inputs.index.write_version(
        inputs.labels,
        lambda batch: embed_labels(encoder, batch),
        digest,
        encoder.dimension,
        progress,
        owner,
    )


RESULT_FORM = "4"
"""Raised when a run with the same inputs, or its encoder with the same texts, has another result.

A killed run of another form is not continued, and stored results of one are not shown.
"""
# What the stage before the first cycle does not use of FineTuning.
_OF_CYCLES = ("epochs", "negatives", "positives", "windows", "window_pooling")


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
        RESULT_FORM,
        json.dumps(asdict(training), sort_keys=True),
        base_digest,
        judge.digest,
        judge.prompt.digest,
        labels_digest(labels),
        _digest(documents),
        *(f"{judgment.id} {judgment.p_yes:g}" for judgment in people),
    )[:24]


def named_fingerprint(
    training: TrainingSettings,
    base_digest: str,
    labels: Sequence[Label],
    held_in: Sequence[Document],
    held_out: Sequence[Document],
) -> str:
    """Return a short digest of what decides the result of the stage before the first cycle.

    Neither the judge nor its budget is part of it, nor what only a cycle uses: how often it trains
    on judged documents, on which of their labels, and how its result is measured.
    """
    tuning = {
        name: value
        for name, value in asdict(training.fine_tuning).items()
        if name not in _OF_CYCLES
    }
    return content_digest(
        __version__,
        RESULT_FORM,
        json.dumps(tuning, sort_keys=True),
        f"{training.seed} {training.unjudged_documents} {training.centered}",
        f"{training.learning_budget}",
        base_digest,
        labels_digest(labels),
        _digest(held_in),
        _digest(held_out),
    )[:24]


def _digest(documents: Sequence[Document]) -> str:
    return content_digest(
        *(part for document in documents for part in (document.id, document.text))
    )
