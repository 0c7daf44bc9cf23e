"""``lmtx-search train``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.judges.order import ORDERS
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.positives import POSITIVES
from lmtx_search.training.profiles import PROFILES

_TUNING = ("epochs", "batch_size", "learning_rate", "negatives", "positives")


@click.command()
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="small",
    show_default=True,
    help="Settings that belong together; the other options change single ones.",
)
@click.option("--cycles", type=click.IntRange(1), help="At most so many (small: 1, paper: 6).")
@click.option(
    "--judge-budget",
    help="How long (5m, 90s, 1h) or how often (500) the judge is asked, all cycles together "
    "(small: 5m, paper: no limit).",
)
@click.option("--seed", default=0, show_default=True, help="Same seed, same order of everything.")
@click.option("--shortlist", type=click.IntRange(1), help="Labels of a document's shortlist.")
@click.option(
    "--pairs-per-document", type=click.IntRange(1), help="How many of these the judge is asked."
)
@click.option(
    "--order",
    type=click.Choice(list(ORDERS)),
    metavar="NAME",
    help="Which of these is asked next, and when there are enough: exhaustive (all), "
    "until-first-yes, expected-gain (as long as a better label is likely) "
    "(small: exhaustive, paper: exhaustive).",
)
@click.option("--epochs", type=click.IntRange(1), help="How often each document is seen.")
@click.option("--batch-size", type=click.IntRange(2), help="Documents of a training step.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Of AdamW.")
@click.option(
    "--negatives",
    type=click.Choice(list(NEGATIVES)),
    help="Which labels a document is pushed away from (hardest: the authors').",
)
@click.option(
    "--positives",
    type=click.Choice(list(POSITIVES)),
    help="Which of its pseudo-positives a document is pulled to (one_random: the authors').",
)
@click.option(
    "--prompt",
    help="The judge's question: label-last, librarian, paper, or a TOML file "
    "(small: label-last, paper: paper).",
)
@click.option(
    "--keep-cycles", is_flag=True, help="Keep each cycle's encoder too: `report` measures them."
)
@pass_context
def train(
    context: Context,
    profile: str,
    judge_budget: str | None,
    seed: int,
    keep_cycles: bool,
    **options: Any,
) -> None:
    """Teach the encoder your labels, with an LLM as the judge.

    For a sample of the training documents, the judge (a model on Ollama: --model, --ollama) is
    asked which of the nearest labels are right; the encoder learns from its answers. With --cycles
    this is repeated with the better encoder's nearest labels, until the judge finds it no better
    on documents held out; the best encoder is kept. Answers and finished cycles are kept as they
    come: stopped with Ctrl-C, the same command goes on with them.

    The profile small is for two cores and some minutes. The profile paper has the settings of
    LMTX's authors (arXiv 2406.09288). Their encoder is
    sentence-transformers/msmarco-distilbert-base-v4; the one of the settings (encoder.name, or
    --encoder) is trained unless you name theirs.

    \b
    Example:
      lmtx-search train --judge-budget 5m
      lmtx-search --model llama3.2:3b train --cycles 3 --judge-budget 2000 --seed 7
      lmtx-search --encoder sentence-transformers/msmarco-distilbert-base-v4 train --profile paper
    """
    from lmtx_search.judges.budget import parse_budget
    from lmtx_search.training.run import train as run_training

    settings = context.settings
    given = {name: value for name, value in options.items() if value is not None}
    if judge_budget is not None:
        given["budget"] = parse_budget(judge_budget)
    training = PROFILES[profile](settings.encoder)
    tuned = {name: given.pop(name) for name in _TUNING if name in given}
    tuning = replace(training.fine_tuning, **tuned)
    training = replace(training, seed=seed, fine_tuning=tuning, **given)
    record = run_training(settings, training, context.progress, keep_cycles=keep_cycles)

    counts, measures, seconds = record["counts"], record["measures"], record["seconds"]
    for cycle in record["cycles"] if len(record["cycles"]) > 1 else ():
        context.say(_cycle(cycle))
    if training.cycles > 1:
        context.say(f"Kept cycle {record['kept_cycle']}: {record['stopped']}")
    context.say(
        f"Judged {counts['judged_pairs']:,} pairs of {counts['judged_documents']:,} documents "
        f"({counts['known']:,} answers were there, {counts['asked']:,} asked, "
        f"{counts['neither']:,} neither yes nor no)"
    )
    of = "calibrated" if training.calibrated else "the judge's"
    context.say(
        f"Trained on {counts['documents_with_positive']:,} documents, {counts['positives']:,} "
        f"pseudo-positives (a sure yes: {of} P(yes) from {measures['yes_from']:.2f})"
    )
    if measures["llm_p1"] is not None:
        context.say(
            f"First label right, says the judge: {measures['llm_p1']:.0%} after, "
            f"{measures['llm_p1_before']:.0%} before training "
            f"({measures['llm_p1_documents']} held-out documents)"
        )
    context.say(f"A label is assigned from a score of {record['threshold']:.2f}")
    for host, why in record["judge"]["lost_hosts"].items():
        context.say(f"Lost {host}: {why}")
    context.say("Seconds: " + ", ".join(f"{name} {value:.0f}" for name, value in seconds.items()))
    context.say(f"Run {record['run']}: {record['encoder_path']}")
    context.say("Next: lmtx-search deploy")
    context.result(record)


def _cycle(cycle: dict[str, Any]) -> str:
    counts, llm_p1 = cycle["counts"], cycle["measures"]["llm_p1"]
    return (
        f"Cycle {cycle['cycle']}: {counts['judged_pairs']:,} new pairs, trained on "
        f"{counts['documents_with_positive']:,} documents, first label right "
        f"{'not measured' if llm_p1 is None else f'{llm_p1:.0%}'}"
    )
