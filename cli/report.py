"""``lmtx-search report``."""

from __future__ import annotations

from pathlib import Path

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.document_options import all_option, document_file
from lmtx_search.cli.gold_options import gold_options
from lmtx_search.cli.grammar import Command


@click.command(cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@gold_options
@all_option
@click.option(
    "--labels",
    "labels_file",
    type=click.Path(path_type=Path),
    help="Labels file whose lines the row numbers of a repository file refer to (default: row "
    "numbers are label ids).",
)
@click.option("--run", metavar="ID", help="Training run (default: the last one).")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="File to write.",
)
@pass_context
def report(
    context: Context,
    file: Path | None,
    format: str | None,
    gold_file: Path | None,
    gold_field: str | None,
    train_gold: Path | None,
    labels_file: Path | None,
    everything: bool,
    run: str | None,
    output: Path,
) -> None:
    """Write a report on a training run as one HTML file that needs no network.

    The command tags the documents of FILE, or else a sample of the training documents. The report
    shows the quality beside that of the comparators, the judge's answers, the health of the label
    set, examples and costs. It includes the results of `compare` and `evaluate --by-judge`, and
    measures against gold tags if they are given.

    \b
    Example:
      lmtx-search report
      lmtx-search report test.jsonl --gold gold.tsv --output report.html
    """
    from lmtx_search.errors import UserError
    from lmtx_search.evaluation.gold.files import GoldFiles
    from lmtx_search.evaluation.report.gather import gather
    from lmtx_search.evaluation.report.render import render, require_report

    require_report()
    if not output.absolute().parent.is_dir():
        raise UserError(f"cannot write {output}: {output.absolute().parent} is not a folder")
    has_gold = any(one is not None for one in (gold_file, gold_field, train_gold, labels_file))
    gold = (
        GoldFiles(gold_file, gold_field, labels_file, train_gold, format, everything)
        if has_gold
        else None
    )
    documents = None if file is None else document_file(context, file, format, everything)
    found = gather(context.settings, documents, gold, run, context.progress)
    output.write_text(render(found), encoding="utf-8")
    context.say(f"Wrote {output}: run {found.run}, {found.what}")
    context.result({"run": found.run, "file": str(output), "documents": found.documents})
