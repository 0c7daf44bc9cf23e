"""``lmtx-search train``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context


@click.command()
@click.option(
    "--judge-budget",
    default="5m",
    show_default=True,
    help="How long (5m, 90s, 1h) or how often (500) the judge is asked.",
)
@click.option("--seed", default=0, show_default=True, help="Same seed, same order of everything.")
@click.option("--shortlist", type=click.IntRange(1), help="Labels of a document's shortlist.")
@click.option(
    "--pairs-per-document", type=click.IntRange(1), help="How many of these the judge is asked."
)
@click.option("--epochs", type=click.IntRange(1), help="How often each document is seen.")
@click.option("--batch-size", type=click.IntRange(2), help="Documents of a training step.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Of AdamW.")
@click.option(
    "--prompt",
    default="librarian",
    show_default=True,
    help="The judge's question: librarian, paper, or a TOML file.",
)
@pass_context
def train(context: Context, judge_budget: str, seed: int, prompt: str, **options: Any) -> None:
    """Teach the encoder your labels, with an LLM as the judge.

    For a sample of the training documents, the judge (a model on Ollama: --model, --ollama) is
    asked which of the nearest labels are right; the encoder learns from its answers. Answers are
    kept in OpenSearch as they come: stopped with Ctrl-C, the same command goes on with them.

    \b
    Example:
      lmtx-search train --judge-budget 5m
      lmtx-search --model llama3.2:3b train --judge-budget 2000 --seed 7
    """
    from lmtx_search.judges.budget import parse_budget
    from lmtx_search.training.run import train as run_training
    from lmtx_search.training.settings import FineTuning, TrainingSettings

    settings = context.settings
    given = {name: value for name, value in options.items() if value is not None}
    tuning = replace(
        FineTuning(
            document_tokens=settings.encoder.document_tokens,
            label_tokens=settings.encoder.label_tokens,
        ),
        **{
            name: given.pop(name)
            for name in ("epochs", "batch_size", "learning_rate")
            if name in given
        },
    )
    training = TrainingSettings(
        budget=parse_budget(judge_budget), prompt=prompt, seed=seed, fine_tuning=tuning, **given
    )
    record = run_training(settings, training, context.progress)

    counts, measures, seconds = record["counts"], record["measures"], record["seconds"]
    context.say(
        f"Judged {counts['judged_pairs']:,} pairs of {counts['judged_documents']:,} documents "
        f"({counts['known']:,} answers were there, {counts['asked']:,} asked, "
        f"{counts['neither']:,} neither yes nor no)"
    )
    context.say(
        f"Trained on {counts['documents_with_positive']:,} documents, {counts['positives']:,} "
        f"pseudo-positives (a sure yes: P(yes) from {measures['yes_from']:.2f})"
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
