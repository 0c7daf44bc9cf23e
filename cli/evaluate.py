"""``lmtx-search evaluate``."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.gold_options import gold_options


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@gold_options
@click.option(
    "--labels",
    "labels_file",
    type=click.Path(path_type=Path),
    help="Labels file that a repository file's row numbers stand for (else: they are the ids).",
)
@click.option(
    "--system",
    "names",
    multiple=True,
    help="bm25, frozen (the encoder before training), tagger[:VERSION] or run[:ID] (a training "
    "run's encoder, not deployed); again for more. Default: the first three.",
)
@click.option("--version", help="Tagger version; the one of the pipeline by default.")
@click.option("--propensity-a", type=click.FloatRange(0), help="A of PSP (0.55).")
@click.option("--propensity-b", type=click.FloatRange(0, min_open=True), help="B of PSP (1.5).")
@click.option("--seed", default=0, show_default=True, help="Of the intervals and tests.")
@click.option("--by-judge", is_flag=True, help="Without gold tags: ask the judge about a sample.")
@click.option(
    "--sample",
    type=click.IntRange(2),
    default=50,
    show_default=True,
    help="Documents that the judge looks at (--by-judge).",
)
@click.option("--prompt", default="librarian", show_default=True, help="Its question (--by-judge).")
@click.option("--all", "everything", is_flag=True, help="Show every measure.")
@pass_context
def evaluate(
    context: Context,
    file: Path,
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

    P@k: share of right labels among the first k. R@k: share of a document's right labels that are
    among the first k. nDCG@k: P@k with the first places worth more. PSP@k: P@k with rare labels
    worth more, as a share of the most possible. Micro and macro F1, coverage and tags per
    document: of the tags that are assigned from the system's own threshold on. P@k of head, middle
    and tail: what frequent and rare labels contribute to P@k; R@10 of them: the share of these
    labels that is found. All with 95 % bootstrap intervals, and differences of two systems with
    the p of a paired permutation test.

    Without gold tags, --by-judge has the judge (name another than the one that taught: --model)
    look at a sample: P@1, P@5, and how many documents lack an obvious tag. Answers of people
    (`review`) correct it, and its errors are then part of the intervals.

    \b
    Example:
      lmtx-search evaluate test.jsonl --gold gold.tsv
      lmtx-search evaluate test.jsonl --gold-field tags --system frozen --system run --all
      lmtx-search evaluate test.jsonl --gold tst.txt --labels labels.jsonl --train-gold trn.txt
      lmtx-search --model llama3.2:3b evaluate documents.jsonl --by-judge --sample 100
    """
    from lmtx_search.cli.evaluation_tables import show, show_by_judge
    from lmtx_search.evaluation.gold.files import GoldFiles
    from lmtx_search.evaluation.record import record
    from lmtx_search.evaluation.run import evaluate as run_evaluation
    from lmtx_search.evaluation.run import store_record

    settings = context.settings
    if by_judge:
        if gold_file is not None or gold_field is not None:
            raise click.UsageError("--by-judge is for documents without gold tags: leave them out")
        show_by_judge(context, file, names, version, sample, prompt, seed)
        return
    weights = {"propensity_a": propensity_a, "propensity_b": propensity_b}
    given = {name: value for name, value in weights.items() if value is not None}
    settings = settings.model_copy(
        update={"evaluation": settings.evaluation.model_copy(update=given)}
    )
    gold = GoldFiles(gold_file, gold_field, labels_file, train_gold)
    found = run_evaluation(settings, file, gold, names, version, seed, context.progress)
    kept = record(found)
    store_record(settings, f"evaluate-{datetime.now(timezone.utc):%Y%m%d-%H%M%S-%f}", kept)
    for note in kept["notes"]:
        context.say(note)
    if not context.json:
        show(context, found, everything)
    context.result(kept)
