"""What a report is made of: the run's record, its encoder at work, judgments, other results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.windows import Windows, nearest_labels
from lmtx_search.errors import UserError
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.gold.gold_set import GoldSet, notes, open_gold_set
from lmtx_search.evaluation.metrics.measure import Output, measure
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.report.answers import AnswerStatistics, answer_statistics
from lmtx_search.evaluation.report.examples import Example, examples
from lmtx_search.evaluation.report.health import Health, label_health
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.evaluation.training_runs import find_run
from lmtx_search.evaluation.without_gold.sampled_documents import draw
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import PERSON, Document, Judgment, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import read_gold
from lmtx_search.sources.rows import is_row_file
from lmtx_search.sources.xmc import is_xmc
from lmtx_search.tagging.deployment.encoder_source import (
    EncoderSource,
    trained_source,
    untrained_source,
)
from lmtx_search.training.inputs import training_documents
from lmtx_search.training.profiles import small

_RUNS_LOOKED_AT = 200
# Documents that are tagged where there are no gold tags to measure.
_SAMPLE = 500

Measures = Mapping[str, Any]
"""By measure: value, low and high."""


@dataclass(frozen=True)
class ReportData:
    """All that is told.

    Attributes:
        quality: measures by system, where there are gold tags; ``compared`` is the record of a
            comparison with this run, ``by_judge`` that of the last estimate without gold tags.
        cycles: measures after each cycle, where their encoders were kept.
        what: which documents were tagged.
    """

    run: str
    record: dict[str, Any]
    labels: Mapping[str, Label]
    documents: int
    what: str
    quality: dict[str, Measures]
    compared: dict[str, Any] | None
    by_judge: dict[str, Any] | None
    cycles: list[Measures]
    notes: list[str]
    answered: AnswerStatistics
    health: Health
    good: list[Example]
    bad: list[Example]
    people: int


def gather(
    settings: Settings,
    file: Path | None = None,
    gold: GoldFiles | None = None,
    run: str | None = None,
    progress: Progress = SILENT,
) -> ReportData:
    """Gather what is told of a training run, by default the last one.

    Args:
        file: documents to tag; None: a sample of the training documents.
        gold: their gold tags.

    Raises:
        UserError: there is no such run, no encoder of it here, or gold tags that do not fit.
    """
    require_measures()
    client = connect(settings.opensearch, reading=True)
    found = find_run(client, run)
    if found is None:
        raise UserError("there is no training run to report on: `lmtx-search train` makes one")
    run, record = found
    source = trained_source(RunStore(client), run)
    labels = cluster_labels(client, settings)
    gold_set, documents, what = _documents(settings, client, file, gold, labels, progress)
    gold_tags = None if gold_set is None else gold_set.usable.gold
    tagged = _tag(settings, labels, source, documents, progress)
    outputs = {"this run": tagged.output}
    if gold_set is not None:
        outputs = {**_others(settings, client, labels, documents, progress), **outputs}
    quality = {} if gold_set is None else _measured(outputs, gold_set)
    store = JudgmentStore(client)
    judge = record["judge"]
    people = store.of(PERSON)
    judgments = store.of(judge["digest"], judge["prompt_digest"])
    compared, by_judge = _earlier(client, run)
    good, bad = examples(
        documents,
        tagged.output.tags or {},
        {label.id: label.text for label in labels},
        gold_tags,
        tagged.scores,
    )
    return ReportData(
        run=run,
        record=record,
        labels={label.id: label for label in labels},
        documents=len(documents),
        what=what,
        quality=quality,
        compared=compared,
        by_judge=by_judge,
        cycles=[] if gold_set is None else _cycles(settings, labels, source, gold_set, progress),
        notes=[] if gold_set is None else notes(gold_set),
        answered=answer_statistics(
            judgments, record["measures"]["llm_p1_yes_from"], _truth(people, gold, gold_tags)
        ),
        health=label_health(
            tagged.output.tags or {}, [label.id for label in labels], tagged.vectors, gold_tags
        ),
        good=good,
        bad=bad,
        people=len(people),
    )


@dataclass(frozen=True)
class _Tagged:
    output: Output
    scores: dict[str, float]
    vectors: Any


def _documents(
    settings: Settings,
    client: Any,
    file: Path | None,
    gold: GoldFiles | None,
    labels: Sequence[Label],
    progress: Progress,
) -> tuple[GoldSet | None, list[Document], str]:
    if gold is not None:
        if file is None:
            raise UserError("gold tags of which documents? Name their file")
        gold_set = open_gold_set(settings, file, gold, labels)
        return (
            gold_set,
            gold_set.documents,
            f"{len(gold_set.documents):,} documents of {file.name} with gold tags",
        )
    if file is not None:
        drawn = draw(settings, file, _SAMPLE, 0)
        return None, drawn, f"{len(drawn):,} documents of {file.name}"
    drawn = training_documents(client, settings, small(settings.encoder), progress)[:_SAMPLE]
    if not drawn:
        raise UserError("there are no documents to tag: name a file")
    return None, drawn, f"{len(drawn):,} of the training documents"


def _tag(
    settings: Settings,
    labels: Sequence[Label],
    source: EncoderSource,
    documents: Sequence[Document],
    progress: Progress,
) -> _Tagged:
    """Tag as the run's tagger would, keeping what the report looks at besides."""
    system = systems.encoder(settings, labels, source, "this run")
    output = system.rank(documents, progress)

    def load(tokens: int) -> OnnxEncoder:
        return load_encoder(settings, max_tokens=tokens, folder=source.folder)

    vectors = embed_labels(load(settings.encoder.label_tokens), labels)
    read = [document for document in documents if document.text.strip()]
    firsts = nearest_labels(
        load(settings.encoder.document_tokens),
        [document.text for document in read],
        Windows.of(settings.encoder),
        vectors,
        [label.id for label in labels],
        1,
    )
    scores = {d.id: ranking[0][1] for d, ranking in zip(read, firsts, strict=True)}
    return _Tagged(output, scores, vectors)


def _others(
    settings: Settings,
    client: Any,
    labels: Sequence[Label],
    documents: Sequence[Document],
    progress: Progress,
) -> dict[str, Output]:
    untrained = systems.encoder(settings, labels, untrained_source(settings), "untrained")
    return {
        "BM25": systems.bm25(client, "BM25").rank(documents, progress),
        "untrained": untrained.rank(documents, progress),
    }


def _measured(outputs: Mapping[str, Output], gold_set: GoldSet) -> dict[str, Measures]:
    return {
        name: {
            m: asdict(one)
            for m, one in measure(output, gold_set.usable.gold, gold_set.weighing)
            .estimates()
            .items()
        }
        for name, output in outputs.items()
    }


def _cycles(
    settings: Settings,
    labels: Sequence[Label],
    source: EncoderSource,
    gold_set: GoldSet,
    progress: Progress,
) -> list[Measures]:
    """Measure the encoder of each cycle, where the run kept them."""
    found = []
    folder = source.folder.parent / "cycles"
    number = 1
    while (encoder := folder / str(number) / "encoder").is_dir():
        system = systems.encoder(
            settings, labels, EncoderSource(encoder, str(number)), f"cycle {number}"
        )
        output = Output(system.rank(gold_set.documents, progress).rankings)
        found.append(_measured({"": output}, gold_set)[""])
        number += 1
    return found


def _earlier(client: Any, run: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the last comparison with this run, and the last estimate without gold tags."""
    records = [record for _, record in RunStore(client).newest(_RUNS_LOOKED_AT)]
    compared = (r for r in records if r["kind"] == "compare" and r["training_run"] == run)
    return next(compared, None), next((r for r in records if r["kind"] == "by-judge"), None)


def _truth(
    people: Sequence[Judgment],
    given: GoldFiles | None,
    gold: Mapping[str, AbstractSet[str]] | None,
) -> Callable[[str, str], bool | None]:
    """Tell whether a label is right: a person's answer, else the gold tags."""
    said = {(one.document_id, one.label_id): one.p_yes > 0.5 for one in people}
    known: dict[str, AbstractSet[str]] = dict(gold or {})
    train = given.train if given else None
    if train is not None and not is_row_file(train) and not is_xmc(train):
        known |= read_gold(train)

    def truth(document: str, label: str) -> bool | None:
        if (document, label) in said:
            return said[document, label]
        return label in known[document] if document in known else None

    return truth
