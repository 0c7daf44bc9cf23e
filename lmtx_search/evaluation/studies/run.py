"""Runs a study: trains, measures and stores one point after the other."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.errors import UserError, find_named
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import ComparatorResult
from lmtx_search.evaluation.comparison.result_cache import ResultCache
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.gold.gold_set import GoldSet, open_gold_set
from lmtx_search.evaluation.metrics.measure import Output, measure
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.evaluation.studies import STUDIES, Point, Study
from lmtx_search.evaluation.studies.identity import (
    JudgeDigests,
    common_digest,
    keep_judge,
    point_digest,
    same_judge,
)
from lmtx_search.evaluation.studies.study_result import (
    UNTRAINED,
    StudyResult,
    study_record,
    study_result,
)
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import PERSON, Label, content_digest
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile
from lmtx_search.tagging.deployment.encoder_source import EncoderSource, untrained_source
from lmtx_search.tagging.deployment.run_files import run_words
from lmtx_search.tagging.deployment.text_reading import TextReading
from lmtx_search.training.run import train
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.training_documents import training_documents
from lmtx_search.words.weights import fitted

# At least as many documents as any profile trains on.
_ALL = 30_000


def run_study(
    settings: Settings,
    name: str,
    file: DocumentFile,
    gold: GoldFiles,
    training: TrainingSettings,
    values: Sequence[str] = (),
    progress: Progress = SILENT,
) -> StudyResult:
    """Train with each value and measure on the documents of a file that have gold tags.

    The result of each value is stored when it finishes, and its judgments as they arrive, so the
    same call continues after an interruption. The trained encoders are deleted.

    Raises:
        UserError: there is no such study, a value is not possible, or the gold tags do not fit.
        LmtxError: a training failed. Finished results stay stored.
    """
    study = find_named("study", STUDIES, name)
    require_measures()
    client = connect(settings.opensearch)
    labels = cluster_labels(client, settings)
    gold_set = open_gold_set(settings, file, gold, labels)
    training = replace(
        training,
        shortlist=min(training.shortlist, len(labels)),
        pairs_per_document=min(training.pairs_per_document, len(labels)),
    )
    points = study.points(settings, training, values)
    all_documents = replace(training, most_documents=_ALL)
    documents = training_documents(client, settings, all_documents, progress)
    if name == "documents":
        _enough(points, len(documents))
    for point in points:
        if point.training.shortlist > len(labels):
            raise UserError(
                f"a shortlist of {point.value} is longer than the label set of {len(labels):,}: "
                "leave it out of --values"
            )
        sampled = min(len(documents), point.training.most_documents)
        point.training.check(len(labels), sampled)
        point.training.check_batch(sampled)
    people = JudgmentStore(client).of(PERSON)
    common = common_digest(settings, labels, gold_set, documents, people)
    cache = ResultCache(settings.data_dir / "studies" / content_digest(common)[:24])
    found = {UNTRAINED: _untrained(settings, labels, gold_set, cache, progress)}
    judges = JudgeDigests()
    for point in points:
        found.update(_point(study, point, labels, gold_set, cache, judges, progress))
    measured = {
        value: measure(one.output, gold_set.usable.gold, gold_set.weighing, training.seed)
        for value, one in found.items()
    }
    result = study_result(name, study, measured, found, gold_set, training.seed)
    RunStore(client).save(f"study-{name}-{new_run_id()}", study_record(result))
    return result


def _untrained(
    settings: Settings,
    labels: list[Label],
    gold_set: GoldSet,
    cache: ResultCache,
    progress: Progress,
) -> ComparatorResult:
    found = cache.get(UNTRAINED, "")
    if found is None:
        found = ComparatorResult(
            _rank(settings, labels, untrained_source(settings), gold_set, progress)
        )
        cache.put(UNTRAINED, "", found)
    return found


def _point(
    study: Study,
    point: Point,
    labels: list[Label],
    gold_set: GoldSet,
    cache: ResultCache,
    judges: JudgeDigests,
    progress: Progress,
) -> dict[str, ComparatorResult]:
    """Return the rows of a point: one row, or one for each cycle."""
    identity = point_digest(study, point)
    if same_judge(point, identity, cache, judges, progress):
        stored = _stored(study, point, identity, cache)
        if stored is not None:
            return stored
    # What an earlier judge left may have more cycles than the new training.
    cache.remove_all(identity)
    started = time.monotonic()
    # No deployment takes a run of this kind, not even one that a killed study left.
    trained = train(
        point.settings,
        point.training,
        progress,
        keep_cycles=study.by_cycle,
        kind="study-training",
    )
    folder, record = trained.encoder.parent, trained.record
    learned = time.monotonic() - started
    try:
        words = run_words(folder / "encoder", record)
        reading = TextReading.of_run(record, point.settings.encoder)
        if not study.by_cycle:
            source = EncoderSource(folder / "encoder", point.value, words=words, reading=reading)
            output = _rank(point.settings, labels, source, gold_set, progress)
            found = _found(output, record, learned)
            cache.put(identity, identity, found)
            keep_judge(identity, record, cache)
            return {point.value: found}
        rows = {}
        for number, cycle in enumerate(record["cycles"], 1):
            of_cycle = folder / "cycles" / str(number)
            words = fitted(words, of_cycle)
            source = EncoderSource(
                of_cycle / "encoder", f"cycle {number}", words=words, reading=reading
            )
            output = _rank(point.settings, labels, source, gold_set, progress)
            found = _found(output, cycle, sum(cycle["seconds"].values()))
            cache.put(f"{identity}-{number}", identity, found)
            rows[str(number)] = found
        cache.put(f"{identity}-end", identity, ComparatorResult(Output({}), note=record["stopped"]))
        keep_judge(identity, record, cache)
        return rows
    finally:
        RunStore(connect(point.settings.opensearch)).remove(trained.run)
        shutil.rmtree(folder, ignore_errors=True)


def _stored(
    study: Study, point: Point, identity: str, cache: ResultCache
) -> dict[str, ComparatorResult] | None:
    """Return the stored rows of a point (None: it is not finished)."""
    if not study.by_cycle:
        one = cache.get(identity, identity)
        return None if one is None else {point.value: one}
    rows: dict[str, ComparatorResult] = {}
    while (one := cache.get(f"{identity}-{len(rows) + 1}", identity)) is not None:
        rows[str(len(rows) + 1)] = one
    return rows if cache.get(f"{identity}-end", identity) is not None else None


def _found(output: Output, record: Mapping[str, Any], seconds: float) -> ComparatorResult:
    counts = record["counts"]
    return ComparatorResult(
        output,
        learn_seconds=seconds,
        calls=counts["asked"] + counts["known"],
        note=f"learned from {counts['documents_with_positive']:,} documents, "
        f"{counts['positives']:,} pseudo-positives; {counts['known']:,} answers were stored",
    )


def _rank(
    settings: Settings,
    labels: list[Label],
    source: EncoderSource,
    gold_set: GoldSet,
    progress: Progress,
) -> Output:
    system = systems.encoder(settings, labels, source, source.name)
    return Output(system.rank(gold_set.documents, progress).rankings)


def _enough(points: Sequence[Point], existing: int) -> None:
    """Check that there are as many training documents as the points need."""
    for point in points:
        if point.training.most_documents > existing:
            raise UserError(f"there are only {existing:,} training documents, not {point.value}")
