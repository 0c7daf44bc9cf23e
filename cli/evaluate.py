"""``lmtx-search evaluate``."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.document_options import document_file
from lmtx_search.cli.given_options import refuse_given
from lmtx_search.cli.gold_options import gold_options
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.numbers import SEED

# The options that only an evaluation with gold tags has.
_OF_GOLD = (
    *("gold_file", "gold_field", "train_gold", "labels_file"),
    *("propensity_a", "propensity_b", "everything"),
)


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@gold_options
@click.option(
    "--labels",
    "labels_file",
    type=click.Path(path_type=Path),
    help="Labels file whose lines the row numbers of a repository file refer to (default: row "
    "numbers are label ids).",
)
@click.option(
    "--system",
    "names",
    multiple=True,
    help="System to measure (repeatable): bm25, frozen (the encoder before training), "
    "tagger[:VERSION] or run[:ID] (the encoder of a training run). Default: the first three.",
)
@click.option(
    "--tagger",
    "version",
    metavar="VERSION",
    help="Tagger version (default: the one in the pipeline).",
)
@click.option("--propensity-a", type=click.FloatRange(0), help="A of PSP (default: 0.55).")
@click.option(
    "--propensity-b", type=click.FloatRange(0, min_open=True), help="B of PSP (default: 1.5)."
)
@click.option(
    "--seed", type=SEED, default=0, show_default=True, help="Seed of intervals and tests."
)
@click.option("--by-judge", is_flag=True, help="Ask the judge about a sample, without gold tags.")
@click.option(
    "--sample",
    type=click.IntRange(2),
    default=50,
    show_default=True,
    help="Number of documents in the judge's sample (--by-judge).",
)
@click.option(
    "--prompt", default="librarian", show_default=True, help="The judge's prompt (--by-judge)."
)
@click.option("--all", "everything", is_flag=True, help="Show all measures.")
@pass_context
def evaluate(
    context: Context,
    file: Path,
    format: str | None,
    gold_file: Path | None,
    gold_field: str | None,
    labels_file: Path | None,
    train_gold: Path | None,
    names: tuple[str, ...],
    version: str | None,
    propensity_a: float | None,
    propensity_b: float | None,
    seed: int,
    by_judge: bool,
    sample: int,
    prompt: str,
    everything: bool,
) -> None:
    """Measure systems side by side on the documents of FILE that have gold tags.

    \b
    P@k     share of correct labels among the first k
    R@k     share of a document's correct labels that are among the first k
    nDCG@k  like P@k, but higher ranks count more
    PSP@k   like P@k, but rare labels count more; a share of the maximum
    F1      micro and macro, of the tags above the system's own threshold;
            so are coverage and tags per document
    P@k and R@10 of head, middle and tail: the contribution of frequent and
            rare labels to P@k, and the share of them that is found

    Every measure has a 95 % bootstrap interval. Differences between two systems have the p-value
    of a paired permutation test.

    Without gold tags, --by-judge asks the judge about a sample and reports P@1, P@5 and the number
    of documents that lack an obvious tag. Choose another model than the one that trained the
    tagger (--model). People's answers (`review`) correct the judge's, and the intervals then
    include the judge's errors.

    \b
    Example:
      lmtx-search evaluate test.jsonl --gold gold.tsv
      lmtx-search evaluate test.jsonl --gold-field tags --system frozen --system run --all
      lmtx-search evaluate test.jsonl --gold tst.txt --labels labels.jsonl --train-gold trn.txt
      lmtx-search evaluate documents.jsonl --by-judge --sample 100 --model llama3.2:3b
    """
    from lmtx_search.cli.evaluation_tables import show, show_by_judge
    from lmtx_search.evaluation.gold.files import GoldFiles
    from lmtx_search.evaluation.record import record
    from lmtx_search.evaluation.run import evaluate as run_evaluation
    from lmtx_search.evaluation.run import store_record

    settings = context.settings
    documents = document_file(context, file, format)
    ctx = click.get_current_context()
    if by_judge:
        refuse_given(ctx, _OF_GOLD, "cannot be combined with --by-judge, which needs no gold tags")
        show_by_judge(context, documents, names, version, sample, prompt, seed)
        return
    refuse_given(ctx, ("sample", "prompt"), "needs --by-judge")
    weights = {"propensity_a": propensity_a, "propensity_b": propensity_b}
    given = {name: value for name, value in weights.items() if value is not None}
    settings = settings.model_copy(
        update={"evaluation": settings.evaluation.model_copy(update=given)}
    )
    gold = GoldFiles(gold_file, gold_field, labels_file, train_gold, format)
    found = run_evaluation(settings, documents, gold, names, version, seed, context.progress)
    kept = record(found)
    store_record(settings, f"evaluate-{datetime.now(timezone.utc):%Y%m%d-%H%M%S-%f}", kept)
    for note in kept["notes"]:
        context.say(note)
    if not context.json:
        show(context, found, everything)
    context.result(kept)
