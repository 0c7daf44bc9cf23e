"""``lmtx-search evaluate``."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click
from rich.table import Table

from lmtx_search.cli.context import Context, pass_context


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--gold",
    "gold_file",
    required=True,
    type=click.Path(path_type=Path),
    help="Right tags: a TSV file, document id and label id (also .gz).",
)
@click.option(
    "--system",
    "names",
    multiple=True,
    help="bm25, frozen (the encoder before training) or tagger; again for more. Default: all.",
)
@click.option("--version", help="Tagger version; the newest by default.")
@click.option("--seed", default=0, show_default=True, help="Of the confidence intervals.")
@pass_context
def evaluate(
    context: Context,
    file: Path,
    gold_file: Path,
    names: tuple[str, ...],
    version: str | None,
    seed: int,
) -> None:
    """Measure systems side by side on the documents of FILE that have gold tags.

    P@1: share of documents whose first label is right. P@5: share of right labels among the first
    five. R@10: share of a document's right labels that are among the first ten. Percent, with the
    95 % confidence interval.

    \b
    Example:
      lmtx-search evaluate test.jsonl --gold gold.tsv
      lmtx-search evaluate test.jsonl --gold gold.tsv --system bm25 --system tagger
    """
    from lmtx_search.evaluation.gold import named
    from lmtx_search.evaluation.measures import MEASURES
    from lmtx_search.evaluation.run import evaluate as run_evaluation
    from lmtx_search.evaluation.run import keep

    found = run_evaluation(
        context.settings, file, gold_file, names, version, seed, context.progress
    )
    keep(context.settings, f"evaluate-{datetime.now(timezone.utc):%Y%m%d-%H%M%S-%f}", found)
    fits = found.usable
    if fits.unknown_documents:
        context.say(f"Left out: gold for unknown documents: {named(fits.unknown_documents)}")
    if fits.unknown_labels:
        context.say(f"Never to be found: gold labels unknown: {named(fits.unknown_labels)}")
    if found.bad_lines:
        context.say(f"{found.bad_lines:,} malformed lines of {file} were passed over")
    if not context.json:
        table = Table("system", box=None, pad_edge=False)
        for measure in MEASURES:
            table.add_column(measure, no_wrap=True)
        for name, estimates in found.results.items():
            cells = [
                f"{100 * e.value:5.1f}  {100 * e.low:.1f} – {100 * e.high:.1f}"
                for e in estimates.values()
            ]
            table.add_row(name, *cells)
        context.console.print(table)
    context.say(f"{len(fits.gold):,} documents; percent, 95 % confidence interval")
    if found.tagger:
        context.say(f"The tagger is {found.tagger}")
    context.result(found.record())
