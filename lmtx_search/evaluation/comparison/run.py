"""Runs all comparators on the same documents and measures their results and costs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.errors import UserError
from lmtx_search.evaluation.comparators import (
    DEFAULT,
    Comparator,
    ComparatorResult,
    ComparisonContext,
    open_comparator,
)
from lmtx_search.evaluation.comparison.comparison import Comparison, Row, comparison_record
from lmtx_search.evaluation.comparison.open_context import context_digest, open_context
from lmtx_search.evaluation.comparison.options import ComparisonOptions
from lmtx_search.evaluation.comparison.result_cache import ResultCache
from lmtx_search.evaluation.comparison.run_steps import steps_without_judge
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.gold.gold_set import GoldSet, open_gold_set
from lmtx_search.evaluation.metrics.measure import Output, measure
from lmtx_search.evaluation.metrics.permutation_test import Difference, compare
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile, read_labels
from lmtx_search.system.file_locks import only_one


def run_comparison(
    settings: Settings,
    documents: DocumentFile,
    gold: GoldFiles,
    wanted: Sequence[str] = (),
    options: ComparisonOptions | None = None,
    progress: Progress = SILENT,
) -> Comparison:
    """Run comparators on the documents of a file that have gold tags, and measure them.

    The result of each comparator is stored when it finishes, so the same call continues after an
    interruption. The record is stored in ``lmtx-runs``.

    Args:
        wanted: names of comparators (empty: all that can run here, but the slow ones).

    Raises:
        UserError: there is no such comparator, a named one cannot run, or the gold tags do not fit.
    """
    options = options or ComparisonOptions()
    comparators = {name: open_comparator(name) for name in wanted or DEFAULT}
    require_measures()
    client = connect(settings.opensearch)
    labels = _labels(settings, client, options)
    gold_set = open_gold_set(settings, documents, gold, labels)
    base = settings.data_dir / "compare"
    skipped: dict[str, str] = {}
    found: dict[str, tuple[ComparatorResult, bool]] = {}
    with (
        only_one(base / "lock", "a comparison"),
        open_context(
            settings, client, labels, gold_set.documents, gold, options, base / "now", progress
        ) as context,
    ):
        # What a killed comparison left may be of other documents.
        shutil.rmtree(base / "now", ignore_errors=True)
        cache = ResultCache(base / context_digest(context))
        for name, comparator in comparators.items():
            try:
                found[name] = _run(name, comparator, context, cache, progress)
            except UserError as error:
                if wanted:
                    raise UserError(f"{name} cannot run here: {error}") from error
                skipped[name] = str(error)
        if not found:
            raise UserError("; ".join(f"{name}: {why}" for name, why in skipped.items()))
        shutil.rmtree(base / "now", ignore_errors=True)
        rows, reference = _measured(found, gold_set, context, progress)
        run = context.run if "lmtx" in rows else None
        comparison = Comparison(
            run=f"compare-{new_run_id()}",
            gold_set=gold_set,
            rows=rows,
            reference=reference,
            skipped=skipped,
            learned_from=len(context.learn_from),
            training_run=run[0] if run else None,
            seed=context.seed,
            without_judge=steps_without_judge(run[1]) if run else None,
        )
    RunStore(client).save(comparison.run, comparison_record(comparison))
    return comparison


def _run(
    name: str,
    comparator: Comparator,
    context: ComparisonContext,
    cache: ResultCache,
    progress: Progress,
) -> tuple[ComparatorResult, bool]:
    """Return the result of a comparator, and whether it was already in the cache."""
    if (why := comparator.missing(context)) is not None:
        raise UserError(why)
    identity = comparator.identity(context)
    cached = cache.get(name, identity)
    if cached is not None and comparator.is_current(cached, context, progress):
        return cached, True
    shutil.rmtree(context.folder, ignore_errors=True)
    found = comparator.run(context, progress)
    cache.put(name, identity, found)
    return found, False


def _labels(settings: Settings, client: Any, options: ComparisonOptions) -> list[Label]:
    if options.labels is None:
        return cluster_labels(client, settings)
    labels = sorted(read_labels(options.labels), key=lambda label: label.id)
    if not labels:
        raise UserError(f"{options.labels} holds no labels")
    return labels


def _measured(
    found: Mapping[str, tuple[ComparatorResult, bool]],
    gold_set: GoldSet,
    context: ComparisonContext,
    progress: Progress,
) -> tuple[dict[str, Row], str | None]:
    """Measure each result, and its difference to the reference on the same documents."""
    gold = gold_set.usable.gold
    reference = next((name for name in ("lmtx", "frozen") if name in found), None)
    rows = {}
    with progress.stage("Intervals and tests", len(found), "comparators") as advance:
        for name, (result, cached) in found.items():
            sample = gold if result.sample is None else {x: gold[x] for x in result.sample}
            measured = measure(_only(result.output), sample, gold_set.weighing, context.seed)
            differences: dict[str, Difference] = {}
            if reference not in (None, name):
                other = found[str(reference)][0].output
                against = measure(_only(other), sample, gold_set.weighing, context.seed)
                differences = compare(against, measured, context.seed)
            rows[name] = Row(measured.estimates(), differences, len(sample), result, cached)
            advance(1)
    return rows, reference


def _only(output: Output) -> Output:
    """Return the rankings without tags, since most comparators have no threshold of their own."""
    return Output(output.rankings)
