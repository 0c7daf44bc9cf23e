"""``lmtx-search compare``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.document_options import all_option, document_file
from lmtx_search.cli.gold_options import gold_options
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.numbers import SEED


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@gold_options
@all_option
@click.option(
    "--labels",
    "labels_file",
    type=click.Path(path_type=Path),
    help="File with the label set (default: the cluster's). The row numbers of an Extreme "
    "Classification Repository file refer to its lines.",
)
@click.option(
    "--train",
    "train_file",
    type=click.Path(path_type=Path),
    help="File with the training documents, in the --format of FILE (default: the cluster's).",
)
@click.option(
    "--comparator",
    "wanted",
    multiple=True,
    metavar="NAME",
    help="One of the methods above (repeatable; default: all but control-all).",
)
@click.option("--run", metavar="ID", help="Training run (default: the last one).")
@click.option(
    "--learn-from",
    type=click.IntRange(1),
    help="Number of documents that most trained methods learn from (default: as many as the run's "
    "judge saw, or 1,000).",
)
@click.option(
    "--judged",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Number of documents whose shortlists the judge re-ranks (icxml).",
)
@click.option(
    "--seed", type=SEED, help="Seed of samples, training and intervals (default: the run's, or 0)."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for comparison.csv and comparison.svg (default: none is written).",
)
@pass_context
def compare(
    context: Context,
    file: Path,
    format: str | None,
    gold_file: Path | None,
    gold_field: str | None,
    train_gold: Path | None,
    labels_file: Path | None,
    everything: bool,
    train_file: Path | None,
    wanted: tuple[str, ...],
    run: str | None,
    learn_from: int | None,
    judged: int,
    seed: int | None,
    output: Path | None,
) -> None:
    """Compare LMTX with other methods that need no tagged training data.

    All methods tag the documents of FILE.

    \b
    Without any training:
      bm25          OpenSearch's BM25 of the document against the labels
      tfidf         TF-IDF of words and word pairs, with English plurals folded
      tfidf-chars   TF-IDF of character 4-grams
      frozen        the encoder before training
      centered      the same, with documents centered if some labels are hubs
      fusion        centered and tfidf, fused by rank
      fusion-chars  centered and tfidf-chars, fused by rank
      frozen-words  centered, plus evidence from words with fixed weights

    \b
    Trained without the judge:
      maclr         a title serves as its text's label, then self-training
                    (as in MACLR)
      rts           random segments of a text serve as its labels (as in RTS)
      control       self-training on the encoder's own first label, with LMTX's
                    shortlists
      control-all   control with all training documents, for about ten minutes
                    (only if named)
      named         training on documents that name a label, as before the
                    first cycle of LMTX
      named-words   named, plus evidence from words
      unjudged      the whole training of LMTX without the judge

    \b
    With the judge or with gold tags:
      ceiling       training on the gold tags in the shortlist, as with a
                    perfect judge (needs --train-gold)
      icxml         the judge re-ranks the shortlists of a sample (as in ICXML)
      lmtx          a training run

    "Best without a judge" is the best of the first two groups for each measure. LMTX minus this
    method is what the judge adds, together with what the run does without a judge: it may learn
    from documents that name a label and from documents that were not judged, and words may count
    in its scores. The output says what the run did. If the run learned from documents that were not
    judged, unjudged has the same steps, and LMTX minus unjudged is the work of the answers alone.

    named, named-words and unjudged learn from as many documents as the run did without the judge
    (3,000 if it did not). The other trained methods learn from as many documents as the run's judge
    saw (--learn-from), and words do not count. All have the run's settings. Finished results are
    kept: after Ctrl-C, the same command continues with the rest.

    \b
    Example:
      lmtx-search compare test.jsonl --gold gold.tsv --output results
      lmtx-search compare test.jsonl --gold gold.tsv --comparator control --comparator lmtx
    """
    from lmtx_search.evaluation.comparison.comparison import comparison_record
    from lmtx_search.evaluation.comparison.files import write_files
    from lmtx_search.evaluation.comparison.options import ComparisonOptions
    from lmtx_search.evaluation.comparison.run import run_comparison
    from lmtx_search.evaluation.gold.files import GoldFiles
    from lmtx_search.evaluation.plots import require_plots

    if output is not None:
        require_plots()
    gold = GoldFiles(gold_file, gold_field, labels_file, train_gold, format, everything)
    documents = document_file(context, file, format, everything)
    options = ComparisonOptions(labels_file, train_file, run, learn_from, judged, seed)
    found = run_comparison(context.settings, documents, gold, wanted, options, context.progress)
    record = comparison_record(found)
    written = [] if output is None else write_files(record, output)
    for note in record["notes"]:
        context.say(note)
    if not context.json:
        context.console.print(_table(record))
    context.say("")
    for line in _explained(record):
        context.say(line)
    for path in written:
        context.say(f"Wrote {path}")
    context.result({"run": found.run, **record})


_SHOWN = ("P@1", "P@5", "R@10")


def _table(record: dict[str, object]) -> Table:
    table = Table("comparator", *_SHOWN, "learn s", "tag s", "calls", box=None, pad_edge=False)
    rows = record["comparators"]
    assert isinstance(rows, dict)
    for name, row in rows.items():
        cells = [_cell(row["measures"][measure]) for measure in _SHOWN]
        costs = (f"{row['learn_seconds']:,.0f}", f"{row['tag_seconds']:,.0f}", f"{row['calls']:,}")
        table.add_row(name, *cells, *costs)
    return table


def _cell(estimate: dict[str, float]) -> str:
    value, low, high = (100 * estimate[name] for name in ("value", "low", "high"))
    return f"{value:.1f}\n{low:.1f}–{high:.1f}"


def _explained(record: dict[str, object]) -> list[str]:
    from lmtx_search.evaluation.comparison.judge_adds import judge_adds

    rows, skipped = record["comparators"], record["skipped"]
    assert isinstance(rows, dict)
    assert isinstance(skipped, dict)
    lines = [
        f"{record['documents']:,} documents; percent with 95 % confidence intervals; trained "
        f"methods without a line of their own learned from {record['learned_from']:,} documents"
    ]
    if record["lmtx_without_judge"] is not None:
        lines.append(str(record["lmtx_without_judge"]))
    for name, row in rows.items():
        if row["differences"]:
            one = row["differences"]["P@1"]
            lines.append(
                f"{record['reference']} minus {name}: P@1 {100 * one['value']:+.1f} "
                f"({100 * one['low']:+.1f} to {100 * one['high']:+.1f}, {_p(one['p'])})"
                + _sampled(row, record)
            )
    lines += judge_adds(record)
    lines += [f"{name}: {row['note']}" for name, row in rows.items() if row["note"]]
    lines += [f"Left out: {name}: {why}" for name, why in skipped.items()]
    return lines


def _p(p: float) -> str:
    return "p<0.001" if p < 0.001 else f"p={p:.3f}"


def _sampled(row: dict[str, object], record: dict[str, object]) -> str:
    if row["documents"] == record["documents"]:
        return ""
    return f", both on its {row['documents']:,} documents"
