"""``lmtx-search study``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from rich.table import Table

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.document_options import all_option, document_file
from lmtx_search.cli.gold_options import gold_options
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.numbers import SEED
from lmtx_search.training.profiles import PROFILES


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@click.argument("file", type=click.Path(path_type=Path))
@gold_options
@all_option
@click.option(
    "--labels",
    "labels_file",
    type=click.Path(path_type=Path),
    help="Labels file whose lines the row numbers of a repository file refer to (default: row "
    "numbers are label ids).",
)
@click.option(
    "--values",
    default="",
    help="Values to try, comma separated (default: those in brackets above).",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="small",
    show_default=True,
    help="Settings that are the same for all values.",
)
@click.option(
    "--documents",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="Number of training documents. All of them are judged; a tenth is held out.",
)
@click.option(
    "--judge-budget",
    help="Time (30m) or number of calls (5000) for the judge in each training (default: no limit).",
)
@click.option(
    "--seed",
    type=SEED,
    default=0,
    show_default=True,
    help="Seed of samples, training and intervals.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("studies"),
    show_default=True,
    help="Folder for NAME.csv, NAME.svg and NAME.txt.",
)
@pass_context
def study(
    context: Context,
    name: str,
    file: Path,
    format: str | None,
    gold_file: Path | None,
    gold_field: str | None,
    train_gold: Path | None,
    labels_file: Path | None,
    everything: bool,
    values: str,
    profile: str,
    documents: int,
    judge_budget: str | None,
    seed: int,
    output: Path,
) -> None:
    """Train with several values of the setting NAME, and measure each on the documents of FILE.

    \b
    teacher    the judge's model (--values A,B: Ollama's names, or GGUF files)
    documents  number of training documents (100,300,1000)
    negatives  labels that a document is pushed away from (all strategies)
    shortlist  number of labels in a shortlist, all judged (1,3,5,10,20)
    retrieval  how shortlists are found (all strategies)
    cycles     maximum number of cycles; the quality after each is measured (4)

    Finished values and all answers of the judge are kept: after Ctrl-C, the same command continues
    with the rest.

    \b
    Example:
      lmtx-search study shortlist test.jsonl --gold gold.tsv
      lmtx-search study teacher test.jsonl --gold gold.tsv --values llama3.2:1b,llama3.2:3b
    """
    from lmtx_search.evaluation.gold.files import GoldFiles
    from lmtx_search.evaluation.plots import require_plots
    from lmtx_search.evaluation.studies.files import write_files
    from lmtx_search.evaluation.studies.run import run_study
    from lmtx_search.evaluation.studies.study_result import SUMMARY, study_record
    from lmtx_search.judges.budget import Budget, parse_budget

    require_plots()
    gold = GoldFiles(gold_file, gold_field, labels_file, train_gold, format, everything)
    source = document_file(context, file, format, everything)
    training = replace(
        PROFILES[profile](context.settings.encoder),
        budget=Budget() if judge_budget is None else parse_budget(judge_budget),
        most_documents=documents,
        least_documents=2,  # a study may measure how little is enough
        learning_budget=None,  # otherwise values would differ in how fast the machine was
        seed=seed,
    )
    wanted = [value for part in values.split(",") if (value := part.strip())]
    found = run_study(context.settings, name, source, gold, training, wanted, context.progress)
    record = study_record(found)
    written = write_files(record, output)
    for note in record["notes"]:
        context.say(note)
    if not context.json:
        table = Table(record["axis"], *SUMMARY, "calls", "seconds", box=None, pad_edge=False)
        for row in record["rows"]:
            cells = (f"{100 * row['measures'][measure]['value']:.1f}" for measure in SUMMARY)
            table.add_row(row["value"], *cells, f"{row['calls']:,}", f"{row['learn_seconds']:,.0f}")
        context.console.print(table)
    context.say(record["sentence"])
    for path in written:
        context.say(f"Wrote {path}")
    context.result(record)
