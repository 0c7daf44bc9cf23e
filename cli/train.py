"""``lmtx-search train``."""

from __future__ import annotations

from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.training_options import training_of, training_options


@click.command()
@training_options
@click.option(
    "--keep-cycles", is_flag=True, help="Keep each cycle's encoder too: `report` measures them."
)
@pass_context
def train(
    context: Context,
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
    from lmtx_search.training.run import train as run_training

    training = training_of(context.settings, **options)
    trained = run_training(context.settings, training, context.progress, keep_cycles=keep_cycles)

    record = trained.record
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
    context.say(f"Run {trained.run}: {trained.encoder}")
    context.say("Next: lmtx-search deploy")
    context.result({"run": trained.run, **record})


def _cycle(cycle: dict[str, Any]) -> str:
    counts, llm_p1 = cycle["counts"], cycle["measures"]["llm_p1"]
    return (
        f"Cycle {cycle['cycle']}: {counts['judged_pairs']:,} new pairs, trained on "
        f"{counts['documents_with_positive']:,} documents, first label right "
        f"{'not measured' if llm_p1 is None else f'{llm_p1:.0%}'}"
    )
