"""``lmtx-search report``."""

from __future__ import annotations

from pathlib import Path

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.gold_options import gold_options


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@gold_options
@click.option(
    "--labels",
    "labels_file",
    type=click.Path(path_type=Path),
    help="Labels file that a repository file's row numbers stand for (else: they are the ids).",
)
@click.option("--run", help="Training run; the last one by default.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@pass_context
def report(
    context: Context,
    file: Path | None,
    gold_file: Path | None,
    gold_field: str | None,
    train_gold: Path | None,
    labels_file: Path | None,
    run: str | None,
    output: Path,
) -> None:
    """Write all that is known of a training run as one HTML file that opens without a network.

    It tags the documents of FILE (a sample of the training documents without one) and shows
    quality beside the comparators, what the judge said, the health of the label set, examples and
    cost. With gold tags it measures; what `compare` and `evaluate --by-judge` found is in it too.

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
        raise UserError(f"cannot write {output}: there is no folder {output.absolute().parent}")
    has_gold = gold_file is not None or gold_field is not None
    gold = GoldFiles(gold_file, gold_field, labels_file, train_gold) if has_gold else None
    found = gather(context.settings, file, gold, run, context.progress)
    output.write_text(render(found), encoding="utf-8")
    context.say(f"Wrote {output}: run {found.run}, {found.what}")
    context.result({"run": found.run, "file": str(output), "documents": found.documents})
