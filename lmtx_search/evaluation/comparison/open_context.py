"""Opens the context of a comparison, from the cluster or from files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client import names
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.encoder.windows import Windows
from lmtx_search.evaluation.comparators.base import ComparisonContext
from lmtx_search.evaluation.comparators.unjudged_training import open_unjudged
from lmtx_search.evaluation.comparators.untrained import Untrained, read_untrained
from lmtx_search.evaluation.comparison.options import ComparisonOptions
from lmtx_search.evaluation.comparison.run_settings import settings_of_run, with_unjudged_documents
from lmtx_search.evaluation.comparison.training_gold import training_gold
from lmtx_search.evaluation.gold.files import GoldFiles, read_noted
from lmtx_search.evaluation.training_runs import find_run
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label, content_digest, labels_digest
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.training.inputs import RESULT_FORM
from lmtx_search.training.profiles import small
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.training_documents import training_documents
from lmtx_search.version import __version__

DEFAULT_LEARN_FROM = 1000


@contextmanager
def open_context(
    settings: Settings,
    client: Any,
    labels: list[Label],
    documents: list[Document],
    gold: GoldFiles,
    options: ComparisonOptions,
    folder: Path,
    progress: Progress,
) -> Iterator[ComparisonContext]:
    """Open the context of a comparison. A label version made for it is removed at the end.

    The settings of the training run (fine-tuning, shortlist, prompt, seed, held-out documents)
    apply to all comparators. Most of those that learn do so from as many documents as were judged,
    because training on all of them takes minutes for each.

    Args:
        folder: for what is made on the way. It is empty or missing.
    """
    run = find_run(client, options.run)
    default = small(settings.encoder)
    training = default if run is None else settings_of_run(run[1])
    count = DEFAULT_LEARN_FROM if run is None else _learned_from(run[1])
    if options.seed is not None:
        training = replace(training, seed=options.seed)
    all_training = _read_training(settings, client, training, gold, options.train, progress)
    held_in, held_out = (
        hold_out(all_training, training.most_development) if all_training else ([], [])
    )
    learn_from = held_in[: count if options.learn_from is None else options.learn_from]
    learn_gold = training_gold(settings, gold, options.train, labels)
    if gold.train is not None and learn_gold is None:
        progress.note(
            f"{gold.train.name} has gold tags by row, so its documents are known only with their "
            "file: without --train, there is no ceiling"
        )
    owner = f"compare-{folder.name}"
    index = LabelIndex(client, settings.opensearch.knn_engine)
    written: list[str] = []
    embedded: list[Untrained] = []

    def label_index() -> str:
        if options.labels is None:
            return names.LABELS
        if not written:
            written.append(_write_labels(settings, index, labels, owner, progress))
        return written[0]

    def untrained(progress: Progress) -> Untrained:
        if not embedded:
            embedded.append(_embed(settings, labels, documents, held_in, progress))
        return embedded[0]

    try:
        yield ComparisonContext(
            settings=settings,
            client=client,
            labels=labels,
            documents=documents,
            training=held_in,
            learn_from=learn_from,
            learn_gold=learn_gold,
            run=run,
            tuning=training.fine_tuning,
            shortlist=min(training.shortlist, len(labels)),
            retrieval=training.retrieval,
            centered=training.centered,
            spared=training.spared <= 1,
            judged=options.judged,
            prompt=training.prompt,
            seed=training.seed,
            label_index=label_index,
            untrained=untrained,
            unjudged=open_unjudged(
                settings,
                with_unjudged_documents(training, default),
                labels,
                held_in,
                held_out,
                folder / "unjudged",
            ),
            folder=folder / "work",
        )
    finally:
        if written:
            index.discard(owner)


def _learned_from(record: dict[str, Any]) -> int:
    """Return how many documents had been judged when the run's final encoder was trained."""
    cycles = [cycle["counts"] for cycle in record["cycles"][: record["kept_cycle"]]]
    if len(cycles) == len(record["cycles"]):
        return int(record["counts"]["judged_documents"])
    judged = max(counts["judged_documents"] for counts in cycles)
    return int(max(judged, cycles[-1]["documents_with_positive"]))


def context_digest(context: ComparisonContext) -> str:
    """Return a digest of all that is common to the comparators and affects their results."""
    texts = (part for x in (*context.documents, *context.training) for part in (x.id, x.text))
    gold = sorted((context.learn_gold or {}).items())
    return content_digest(
        __version__,
        RESULT_FORM,
        encoder_digest(untrained_source(context.settings).folder),
        json.dumps(asdict(context.tuning), sort_keys=True),
        str((context.settings.encoder.document_tokens, context.settings.encoder.label_tokens)),
        str((context.settings.encoder.windows, context.settings.encoder.window_pooling)),
        str((context.shortlist, context.retrieval, context.centered, context.spared)),
        str((context.seed, len(context.documents))),
        labels_digest(context.labels),
        str(len(context.learn_from)),
        content_digest(*texts),
        content_digest(*(part for id_, tags in gold for part in (id_, *sorted(tags)))),
    )[:24]


def _read_training(
    settings: Settings,
    client: Any,
    training: TrainingSettings,
    gold: GoldFiles,
    file: Path | None,
    progress: Progress,
) -> list[Document]:
    if file is None:
        return training_documents(client, settings, training, progress)
    fields = settings.documents
    notes: list[str] = []
    textless = 0

    def documents() -> Iterator[Document]:
        nonlocal textless
        for item in read_noted(gold.documents(file, fields.id_field, fields.text_fields), notes):
            textless += not item.text.strip()
            yield item

    sample = sample_documents(documents(), training.most_documents, training.seed)
    if textless:
        notes.append(f"{file.name}: documents without text, which were left out: {textless:,}")
    for note in notes:
        progress.note(note)
    return sample


def _embed(
    settings: Settings,
    labels: list[Label],
    documents: list[Document],
    training: list[Document],
    progress: Progress,
) -> Untrained:
    encoder = settings.encoder
    return read_untrained(
        load_encoder(settings, max_tokens=encoder.document_tokens),
        load_encoder(settings, max_tokens=encoder.label_tokens),
        Windows.of(encoder),
        labels,
        documents,
        training,
        progress,
    )


def _write_labels(
    settings: Settings, index: LabelIndex, labels: list[Label], owner: str, progress: Progress
) -> str:
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    return index.write_version(
        labels,
        lambda batch: embed_labels(encoder, batch),
        passages_digest(encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt),
        encoder.dimension,
        progress,
        owner,
    )
