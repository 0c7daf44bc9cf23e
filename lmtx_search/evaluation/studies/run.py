"""Running a study: train, measure and keep point after point."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.errors import UserError, find_named
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Found
from lmtx_search.evaluation.comparators.kept import KeptResults
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.gold.gold_set import GoldSet, notes, open_gold_set
from lmtx_search.evaluation.metrics.all import Measured, Output, measure
from lmtx_search.evaluation.metrics.permutation_test import Difference, compare
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.evaluation.studies import STUDIES, Point, Study
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label, content_digest
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import Source, untrained_source
from lmtx_search.training.inputs import labels_digest, training_documents
from lmtx_search.training.run import train
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.version import __version__

UNTRAINED = "untrained"
# More than any profile trains on.
_ALL = 30_000
SAID = ("P@1", "P@5", "R@10")


@dataclass(frozen=True)
class StudyResult:
    """A study's rows in the order of its axis, the untrained encoder first.

    ``gain`` is what the best value has more than the first one (of the axis, not the untrained
    encoder), by measure; None where there is one value only.
    """

    name: str
    axis: str
    measured: dict[str, Measured]
    found: dict[str, Found]
    best: str
    first: str
    gain: dict[str, Difference] | None
    on: GoldSet


def run_study(
    settings: Settings,
    name: str,
    file: Path,
    gold: GoldFiles,
    training: TrainingSettings,
    values: Sequence[str] = (),
    progress: Progress = SILENT,
) -> StudyResult:
    """Train with each value and measure on the documents of a file that have gold tags.

    Each value is kept when it has finished, and its judgments as they come: the same call again
    goes on. The encoders that are trained for it are not kept.

    Raises:
        UserError: no such study, a value that cannot be, gold tags that do not fit.
        LmtxError: a training failed; what finished before is kept.
    """
    study = find_named("study", STUDIES, name)
    require_measures()
    client = connect(settings.opensearch)
    labels = cluster_labels(client, settings)
    on = open_gold_set(settings, file, gold, labels)
    training = replace(
        training,
        shortlist=min(training.shortlist, len(labels)),
        pairs_per_document=min(training.pairs_per_document, len(labels)),
    )
    points = study.points(settings, training, values)
    everything = replace(training, most_documents=_ALL)
    documents = training_documents(client, settings, everything, progress)
    if name == "documents":
        _enough(points, len(documents))
    for point in points:
        if point.training.shortlist > len(labels):
            raise UserError(
                f"a shortlist of {point.value} is longer than the label set of {len(labels):,}: "
                "leave it out of --values"
            )
        point.training.check(len(labels), min(len(documents), point.training.most_documents))
    common = _common(settings, labels, on, documents)
    kept = KeptResults(settings.data_dir / "studies" / content_digest(common)[:24])
    found = {UNTRAINED: _untrained(settings, labels, on, kept, progress)}
    for point in points:
        found.update(_point(study, point, labels, on, kept, progress))
    measured = {
        value: measure(one.output, on.usable.gold, on.weighing, training.seed)
        for value, one in found.items()
    }
    result = _result(name, study, measured, found, on, training.seed)
    RunStore(client).save(f"study-{name}-{new_run_id()}", study_record(result))
    return result


def study_record(result: StudyResult) -> dict[str, Any]:
    """Return the study as a JSON object."""
    return {
        "kind": "study",
        "study": result.name,
        "axis": result.axis,
        "documents": len(result.on.usable.gold),
        "rows": [
            {
                "value": value,
                "learn_seconds": round(result.found[value].learn_seconds, 1),
                "calls": result.found[value].calls,
                "note": result.found[value].note,
                "measures": {m: asdict(one) for m, one in measured.estimates().items()},
            }
            for value, measured in result.measured.items()
        ],
        "sentence": sentence(result),
        "notes": notes(result.on),
    }


def sentence(result: StudyResult) -> str:
    """Say what the study says, and no more than its documents can show."""
    best = result.measured[result.best].estimates()
    values = ", ".join(f"{name} {100 * best[name].value:.1f}" for name in SAID)
    start = f"{result.axis[0].upper()}{result.axis[1:]}: best P@1 with {result.best} ({values})"
    if result.gain is None or result.best == result.first:
        return f"{start}."
    gain = result.gain["P@1"]
    p = "p<0.001" if gain.p < 0.001 else f"p={gain.p:.3f}"
    more = f"{100 * gain.value:+.1f} points against {result.first}"
    bounds = f"95 %: {100 * gain.low:+.1f} to {100 * gain.high:+.1f}, {p}"
    if gain.low <= 0:
        return (
            f"{start}, {more} ({bounds}): no difference that {len(result.on.usable.gold):,} "
            "documents could show."
        )
    return f"{start}, {more} ({bounds})."


def _result(
    name: str,
    study: Study,
    measured: dict[str, Measured],
    found: dict[str, Found],
    on: GoldSet,
    seed: int,
) -> StudyResult:
    values = [value for value in measured if value != UNTRAINED]
    best = max(values, key=lambda value: measured[value].estimates()["P@1"].value)
    gain = compare(measured[best], measured[values[0]], seed) if len(values) > 1 else None
    return StudyResult(name, study.axis, measured, found, best, values[0], gain, on)


def _untrained(
    settings: Settings, labels: list[Label], on: GoldSet, kept: KeptResults, progress: Progress
) -> Found:
    found = kept.get(UNTRAINED, "")
    if found is None:
        found = Found(_rank(settings, labels, untrained_source(settings), on, progress))
        kept.put(UNTRAINED, "", found)
    return found


def _point(
    study: Study,
    point: Point,
    labels: list[Label],
    on: GoldSet,
    kept: KeptResults,
    progress: Progress,
) -> dict[str, Found]:
    """Return the rows of a point: one, or one a cycle."""
    told = json.dumps(asdict(point.training), sort_keys=True)
    judge = f"{point.settings.judge.gguf} {point.settings.ollama.model}"
    identity = content_digest(told, judge, study.axis)[:24]
    rows: dict[str, Found] = {}
    if study.by_cycle:
        while (one := kept.get(f"{identity}-{len(rows) + 1}", identity)) is not None:
            rows[str(len(rows) + 1)] = one
        if kept.get(f"{identity}-end", identity) is not None:
            return rows
    elif (one := kept.get(identity, identity)) is not None:
        return {point.value: one}
    started = time.monotonic()
    trained = train(point.settings, point.training, progress, keep_cycles=study.by_cycle)
    folder, record = trained.encoder.parent, trained.record
    learned = time.monotonic() - started
    try:
        if not study.by_cycle:
            source = Source(folder / "encoder", point.value)
            output = _rank(point.settings, labels, source, on, progress)
            found = _found(output, record, learned)
            kept.put(identity, identity, found)
            return {point.value: found}
        rows = {}
        for number, cycle in enumerate(record["cycles"], 1):
            source = Source(folder / "cycles" / str(number) / "encoder", f"cycle {number}")
            output = _rank(point.settings, labels, source, on, progress)
            found = _found(output, cycle, sum(cycle["seconds"].values()))
            kept.put(f"{identity}-{number}", identity, found)
            rows[str(number)] = found
        kept.put(f"{identity}-end", identity, Found(Output({}), note=record["stopped"]))
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _found(output: Output, record: Mapping[str, Any], seconds: float) -> Found:
    counts = record["counts"]
    return Found(
        output,
        learn_seconds=seconds,
        calls=counts["asked"] + counts["known"],
        note=f"learned from {counts['documents_with_positive']:,} documents, "
        f"{counts['positives']:,} pseudo-positives; {counts['known']:,} answers were there",
    )


def _rank(
    settings: Settings, labels: list[Label], source: Source, on: GoldSet, progress: Progress
) -> Output:
    system = systems.encoder(settings, labels, source, source.name)
    return Output(system.rank(on.documents, progress).rankings)


def _enough(points: Sequence[Point], there: int) -> None:
    """Refuse numbers of documents that there are not."""
    for point in points:
        if point.training.most_documents > there:
            raise UserError(f"there are only {there:,} training documents, not {point.value}")


def _common(
    settings: Settings, labels: list[Label], on: GoldSet, documents: Sequence[Document]
) -> str:
    return content_digest(
        __version__,
        encoder_digest(untrained_source(settings).folder),
        str((settings.encoder.document_tokens, settings.encoder.label_tokens)),
        str((settings.encoder.windows, settings.encoder.window_pooling)),
        labels_digest(labels),
        str(len(on.documents)),
        *(part for one in (*on.documents, *documents) for part in (one.id, one.text)),
    )
