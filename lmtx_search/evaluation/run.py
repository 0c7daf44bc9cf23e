"""One evaluation: documents, gold tags and systems in; measures, intervals and tests out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.gold.gold_set import GoldSet, open_gold_set
from lmtx_search.evaluation.metrics.bootstrap import Estimate
from lmtx_search.evaluation.metrics.measure import measure
from lmtx_search.evaluation.metrics.permutation_test import Difference, compare
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.registry import check_names, open_systems
from lmtx_search.evaluation.systems import System
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measures of each system on the same documents.

    ``differences`` are by pair of systems: the later one minus the earlier one. ``notes`` are about
    the systems, for people.
    """

    systems: list[System]
    results: dict[str, dict[str, Estimate]]
    differences: dict[tuple[str, str], dict[str, Difference]]
    gold_set: GoldSet
    notes: list[str] = field(default_factory=list)


def evaluate(
    settings: Settings,
    documents: DocumentFile,
    gold: GoldFiles,
    names: Sequence[str] = (),
    version: str | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Evaluation:
    """Measure systems on the documents of a file that have gold tags.

    Args:
        names: see :func:`lmtx_search.evaluation.registry.open_systems`.
        version: of the tagger (None: the active one).
        seed: of the confidence intervals and tests.

    Raises:
        UserError: the gold tags do not fit, there are no labels, or no such system, version or run.
    """
    check_names(names)
    require_measures()
    client = connect(settings.opensearch)
    labels = cluster_labels(client, settings)
    systems = open_systems(settings, client, labels, names, version, progress)
    grouped = any(system.reads_groups for system in systems)
    gold_set = open_gold_set(settings, documents, gold, labels, with_sources=grouped)

    outputs = {system.name: system.rank(gold_set.documents, progress) for system in systems}
    pairs = list(combinations(outputs, 2))
    with progress.stage("Intervals and tests", len(outputs) + len(pairs)) as advance:
        measured = {}
        for name, output in outputs.items():
            measured[name] = measure(output, gold_set.usable.gold, gold_set.weighing, seed)
            advance(1)
        differences = {}
        for earlier, later in pairs:
            differences[later, earlier] = compare(measured[later], measured[earlier], seed)
            advance(1)
    return Evaluation(
        systems=systems,
        results={name: found.estimates() for name, found in measured.items()},
        differences=differences,
        gold_set=gold_set,
        notes=[output.note for output in outputs.values() if output.note],
    )


def cluster_labels(client: Any, settings: Settings) -> list[Label]:
    """Return the label set of the cluster.

    Raises:
        UserError: it is empty.
    """
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    labels = list(index.labels())
    if not labels:
        raise UserError("there are no labels: run `lmtx-search labels load FILE` first")
    return labels


def store_record(settings: Settings, run: str, record: dict[str, object]) -> None:
    """Store the record of an evaluation in ``lmtx-runs``."""
    RunStore(connect(settings.opensearch)).save(run, record)
