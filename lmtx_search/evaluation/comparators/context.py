"""What comparators are given: from the cluster, or from files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client import names
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.errors import UserError
from lmtx_search.evaluation.comparators.base import Bench
from lmtx_search.evaluation.gold.coverage import collect
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.progress import Progress
from lmtx_search.records import BadLine, Document, Label, content_digest, labels_digest
from lmtx_search.settings import Settings
from lmtx_search.sources import FieldGold, open_gold, read_documents, read_gold, read_labels
from lmtx_search.sources.rows import is_row_file
from lmtx_search.sources.xmc import is_xmc
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.training.inputs import training_documents
from lmtx_search.training.profiles import small
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.version import __version__

DEFAULT_LEARN_FROM = 1000


@dataclass(frozen=True, slots=True)
class Options:
    """What a comparison can be told.

    Attributes:
        labels, train: files, instead of the cluster's labels and training documents.
        run: the training run; None is the last one.
        learn_from: training documents; None: as many as the run learned from, or 1,000.
        judged: documents whose shortlist the judge re-ranks.
        seed: None is the run's.
    """

    labels: Path | None = None
    train: Path | None = None
    run: str | None = None
    learn_from: int | None = None
    judged: int = 50
    seed: int | None = None


def find_run(client: Any, run: str | None) -> tuple[str, dict[str, Any]] | None:
    """Return a training run's id and record, by default the last one's; None: there is none.

    Raises:
        UserError: there is none of that id.
    """
    store = RunStore(client)
    if run is None:
        return store.latest("train")
    record = store.get(run)
    if record is None or record.get("kind") != "train":
        raise UserError(f"there is no training run {run}: `lmtx-search runs` lists them")
    return run, record


@contextmanager
def open_bench(
    settings: Settings,
    client: Any,
    labels: list[Label],
    documents: list[Document],
    gold: GoldFiles,
    options: Options,
    folder: Path,
    progress: Progress,
) -> Iterator[Bench]:
    """Gather what comparators are given; a label version that is made for them goes at the end.

    What a training run was told (fine-tuning, shortlist, prompt, seed, held-out documents) holds
    for the others too, so that only what they learn from differs.
    """
    run = find_run(client, options.run)
    training = small(settings.encoder)
    count = DEFAULT_LEARN_FROM
    seed = options.seed or 0
    if run is not None:
        told = run[1]["settings"]
        training = TrainingSettings(
            shortlist=told["shortlist"],
            prompt=told["prompt"],
            most_development=told["most_development"],
            most_documents=told["most_documents"],
            centered=told.get("centered", False),
            fine_tuning=FineTuning(**told["fine_tuning"]),
        )
        seed = told["seed"] if options.seed is None else options.seed
        count = _learned_from(run[1])
    training = replace(training, seed=seed)
    everything = _training(settings, client, training, options.train, progress)
    held_in = hold_out(everything, training.most_development)[0] if everything else []
    learn_from = held_in[: count if options.learn_from is None else options.learn_from]
    owner = f"compare-{folder.name}"
    index = LabelIndex(client, settings.opensearch.knn_engine)
    made: list[str] = []

    def label_index() -> str:
        if options.labels is None:
            return names.LABELS
        if not made:
            made.append(_write(settings, index, labels, owner, progress))
        return made[0]

    try:
        yield Bench(
            settings=settings,
            client=client,
            labels=labels,
            documents=documents,
            training=held_in,
            learn_from=learn_from,
            learn_gold=_learn_gold(settings, gold, options.train, labels),
            run=run,
            tuning=training.fine_tuning,
            shortlist=min(training.shortlist, len(labels)),
            centered=training.centered,
            judged=options.judged,
            prompt=training.prompt,
            seed=seed,
            label_index=label_index,
            folder=folder / "work",
        )
    finally:
        if made:
            index.discard(owner)


def _learned_from(record: dict[str, Any]) -> int:
    """Return how many documents the judge had seen when the encoder that was kept was trained."""
    cycles = [cycle["counts"] for cycle in record["cycles"][: record["kept_cycle"]]]
    if len(cycles) == len(record["cycles"]):
        return int(record["counts"]["judged_documents"])
    judged = max(counts["judged_documents"] for counts in cycles)
    return int(max(judged, cycles[-1]["documents_with_positive"]))


def bench_digest(bench: Bench) -> str:
    """Return a digest of what is the same for all comparators and decides their results."""
    texts = (part for x in (*bench.documents, *bench.training) for part in (x.id, x.text))
    gold = sorted((bench.learn_gold or {}).items())
    return content_digest(
        __version__,
        encoder_digest(untrained_source(bench.settings).folder),
        json.dumps(asdict(bench.tuning), sort_keys=True),
        str((bench.settings.encoder.document_tokens, bench.settings.encoder.label_tokens)),
        str((bench.settings.encoder.windows, bench.settings.encoder.window_pooling)),
        str((bench.shortlist, bench.centered, bench.seed, len(bench.documents))),
        labels_digest(bench.labels),
        str(len(bench.learn_from)),
        content_digest(*texts),
        content_digest(*(part for id_, tags in gold for part in (id_, *sorted(tags)))),
    )[:24]


def _training(
    settings: Settings,
    client: Any,
    training: TrainingSettings,
    file: Path | None,
    progress: Progress,
) -> list[Document]:
    if file is None:
        return training_documents(client, settings, training, progress)
    fields = settings.documents
    items = read_documents(file, fields.id_field, fields.text_fields)
    documents = (item for item in items if not isinstance(item, BadLine))
    return sample_documents(documents, training.most_documents, training.seed)


def _learn_gold(
    settings: Settings, given: GoldFiles, train: Path | None, labels: list[Label]
) -> Mapping[str, AbstractSet[str]] | None:
    """Return the gold tags of training documents where they can be told apart by id."""
    if given.train is None:
        return None
    id_field = settings.documents.id_field
    if is_row_file(given.train):
        assert given.field is not None  # open_given has refused it
        documents = read_documents(given.train, id_field, ())
        return collect(documents, FieldGold(given.field, labels)).gold
    if not is_xmc(given.train):
        return read_gold(given.train)
    if train is None:
        return None
    ids = None if given.labels is None else [label.id for label in read_labels(given.labels)]
    return collect(read_documents(train, id_field, ()), open_gold(given.train, ids)).gold


def _write(
    settings: Settings, index: LabelIndex, labels: list[Label], owner: str, progress: Progress
) -> str:
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    return index.write_version(
        labels,
        lambda batch: embed_labels(encoder, batch),
        passages_digest(encoder.digest, settings.encoder.label_tokens),
        encoder.dimension,
        progress,
        owner,
    )
