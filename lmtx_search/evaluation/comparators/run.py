"""A comparison: every comparator on the same documents, with what it cost."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.errors import UserError
from lmtx_search.evaluation.comparators import (
    COMPARATORS,
    Bench,
    Comparator,
    Found,
    open_comparator,
)
from lmtx_search.evaluation.comparators.context import Options, bench_digest, open_bench
from lmtx_search.evaluation.comparators.kept import KeptResults
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.gold.gold_set import GoldSet, notes, open_gold_set
from lmtx_search.evaluation.metrics.all import Output, measure
from lmtx_search.evaluation.metrics.bootstrap import Estimate
from lmtx_search.evaluation.metrics.permutation_test import Difference, compare
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.sources import read_labels
from lmtx_search.system.file_locks import only_one


@dataclass(frozen=True, slots=True)
class Row:
    """One comparator: its measures on ``documents`` documents, and its cost.

    ``differences`` are the reference's measures less its own, on the same documents.
    """

    estimates: Mapping[str, Estimate]
    differences: Mapping[str, Difference]
    documents: int
    found: Found
    kept: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All comparators that could run, in the registry's order; ``skipped`` says why others not."""

    run: str
    on: GoldSet
    rows: dict[str, Row]
    reference: str | None
    skipped: dict[str, str]
    learned_from: int
    training_run: str | None
    seed: int


def run_comparison(
    settings: Settings,
    file: Path,
    gold: GoldFiles,
    wanted: Sequence[str] = (),
    options: Options | None = None,
    progress: Progress = SILENT,
) -> Comparison:
    """Run comparators on the documents of a file that have gold tags, and measure them.

    Each is kept when it has finished: the same call again goes on with the rest. The record is
    kept in ``lmtx-runs``.

    Args:
        wanted: names; none is all that can run here.

    Raises:
        UserError: no such comparator, one that was named cannot run, gold tags that do not fit.
    """
    options = options or Options()
    comparators = {name: open_comparator(name) for name in wanted or COMPARATORS}
    require_measures()
    client = connect(settings.opensearch)
    labels = _labels(settings, client, options)
    on = open_gold_set(settings, file, gold, labels)
    base = settings.data_dir / "compare"
    skipped: dict[str, str] = {}
    found: dict[str, tuple[Found, bool]] = {}
    with (
        only_one(base / "lock", "a comparison"),
        open_bench(
            settings, client, labels, on.documents, gold, options, base / "now", progress
        ) as bench,
    ):
        kept = KeptResults(base / bench_digest(bench))
        for name, comparator in comparators.items():
            try:
                found[name] = _run(name, comparator, bench, kept, progress)
            except UserError as error:
                if wanted:
                    raise UserError(f"{name} cannot run here: {error}") from error
                skipped[name] = str(error)
        if not found:
            raise UserError("; ".join(f"{name}: {why}" for name, why in skipped.items()))
        shutil.rmtree(base / "now", ignore_errors=True)
        rows, reference = _measured(found, on, bench, progress)
        comparison = Comparison(
            run=f"compare-{new_run_id()}",
            on=on,
            rows=rows,
            reference=reference,
            skipped=skipped,
            learned_from=len(bench.learn_from),
            training_run=bench.run[0] if bench.run and "lmtx" in rows else None,
            seed=bench.seed,
        )
    RunStore(client).save(comparison.run, comparison_record(comparison))
    return comparison


def _run(
    name: str, comparator: Comparator, bench: Bench, kept: KeptResults, progress: Progress
) -> tuple[Found, bool]:
    """Return what a comparator finds, and whether it was there from before."""
    if (why := comparator.missing(bench)) is not None:
        raise UserError(why)
    identity = comparator.identity(bench)
    before = kept.get(name, identity)
    if before is not None:
        return before, True
    shutil.rmtree(bench.folder, ignore_errors=True)
    found = comparator.run(bench, progress)
    kept.put(name, identity, found)
    return found, False


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as a JSON object."""
    on = comparison.on
    return {
        "kind": "compare",
        "documents": len(on.usable.gold),
        "labels": on.labels,
        "learned_from": comparison.learned_from,
        "training_run": comparison.training_run,
        "seed": comparison.seed,
        "reference": comparison.reference,
        "comparators": {
            name: {
                "what": COMPARATORS[name],
                "documents": row.documents,
                "measures": {m: asdict(estimate) for m, estimate in row.estimates.items()},
                "differences": {m: asdict(value) for m, value in row.differences.items()},
                "learn_seconds": round(row.found.learn_seconds, 1),
                "tag_seconds": round(row.found.tag_seconds, 1),
                "calls": row.found.calls,
                "kept": row.kept,
                "note": row.found.note,
            }
            for name, row in comparison.rows.items()
        },
        "skipped": comparison.skipped,
        "notes": notes(on),
    }


def _labels(settings: Settings, client: Any, options: Options) -> list[Label]:
    if options.labels is None:
        return cluster_labels(client, settings)
    labels = sorted(read_labels(options.labels), key=lambda label: label.id)
    if not labels:
        raise UserError(f"{options.labels} holds no labels")
    return labels


def _measured(
    found: Mapping[str, tuple[Found, bool]], on: GoldSet, bench: Bench, progress: Progress
) -> tuple[dict[str, Row], str | None]:
    """Measure each on its own documents, and its difference to the reference on the same."""
    gold = on.usable.gold
    reference = next((name for name in ("lmtx", "frozen") if name in found), None)
    rows = {}
    with progress.stage("Intervals and tests", len(found), "comparators") as advance:
        for name, (result, kept) in found.items():
            sample = gold if result.sample is None else {x: gold[x] for x in result.sample}
            measured = measure(_only(result.output), sample, on.weighing, bench.seed)
            differences: dict[str, Difference] = {}
            if reference not in (None, name):
                other = found[str(reference)][0].output
                against = measure(_only(other), sample, on.weighing, bench.seed)
                differences = compare(against, measured, bench.seed)
            rows[name] = Row(measured.estimates(), differences, len(sample), result, kept)
            advance(1)
    return rows, reference


def _only(output: Output) -> Output:
    """Rankings alone: most comparators have no threshold of their own."""
    return Output(output.rankings)
