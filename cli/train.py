"""``lmtx-search train``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.judged_line import judged_line
from lmtx_search.cli.numbers import threshold_interval
from lmtx_search.cli.settings_flags import given_flags
from lmtx_search.cli.training_options import training_of, training_options

_MORE = "A larger --judge-budget also judges more held-out documents"


@click.command(cls=Command)
@training_options
@click.option(
    "--keep-cycles", is_flag=True, help="Keep the encoder of each cycle, for `report` to measure."
)
@pass_context
def train(
    context: Context,
    keep_cycles: bool,
    **options: Any,
) -> None:
    """Train the encoder on the answers of an LLM, the judge.

    For a sample of the training documents, the judge (a model on Ollama: --model, --ollama) says
    which of the nearest labels are correct, and the encoder learns from these answers. With
    --cycles the trained encoder finds nearer labels and training is repeated, until the judge finds
    no improvement on held-out documents. The best encoder is kept. Answers and finished cycles are
    kept immediately: after Ctrl-C, the same command continues with the rest.

    The profile small takes some minutes on two cores. The profile paper has the settings of LMTX's
    authors (arXiv 2406.09288), but it trains the encoder of your settings. To train the authors'
    encoder, give --encoder sentence-transformers/msmarco-distilbert-base-v4.

    \b
    Example:
      lmtx-search train --judge-budget 5m
      lmtx-search train --model llama3.2:3b --cycles 3 --judge-budget 2000 --seed 7
      lmtx-search train --profile paper
    """
    from lmtx_search.encoder.score_threshold import ENOUGH_DOCUMENTS
    from lmtx_search.tagging.deployment.assigned_from import assigned_from
    from lmtx_search.tagging.deployment.encoder_source import source_of_run
    from lmtx_search.training.named_stage import LEAST_DOCUMENTS
    from lmtx_search.training.run import train as run_training

    training = training_of(context.settings, **options)
    trained = run_training(context.settings, training, context.progress, keep_cycles=keep_cycles)

    record = trained.record
    counts, measures, seconds = record["counts"], record["measures"], record["seconds"]
    for cycle in record["cycles"] if len(record["cycles"]) > 1 else ():
        context.say(_cycle(cycle))
    if training.cycles > 1:
        context.say(f"Kept cycle {record['kept_cycle']}: {record['stopped']}")
    context.say(judged_line(counts))
    of = "calibrated" if training.calibrated else "the judge's"
    if (named := counts.get("named_documents")) is not None:
        context.say(
            f"Before the judge: {named:,} documents name one of {counts['named_labels']:,} labels"
            + (
                ", and the encoder learned from the rest of their texts"
                if counts["named_stage"]
                else f"; fewer than {LEAST_DOCUMENTS} teach nothing, so the encoder learned from "
                "judged documents only"
            )
        )
    if counts["scored_documents"]:
        context.say(
            f"Trained on {counts['scored_documents']:,} documents, judged or not, with the labels "
            "that encoder, words, similar documents and the judge's answers make likely"
        )
    else:
        context.say(
            f"Trained on {counts['documents_with_positive']:,} documents, {counts['positives']:,} "
            f"pseudo-positives ({of} P(yes) of {measures['yes_from']:.2f} or more)"
        )
    if measures["llm_p1"] is not None:
        for line in llm_p1_lines(record):
            context.say(line)
    else:
        context.say("No held-out document was judged: this run cannot tell what training changed")
    _say_rivals(context, record)
    if common := record["common_first_label"]:
        context.say(
            f"“{common['label']}” comes first for {common['share']:.0%} of {common['documents']} "
            "held-out documents. If it is not right for as many, the encoder puts it near "
            "everything: choose an encoder for the languages of labels and documents (--encoder), "
            "or leave this label to people (label.rules)"
        )
    source = source_of_run(context.settings, trained.run, record)
    context.say(assigned_from(source, context.settings.documents))
    context.say(
        f"These scores follow from the threshold {record['threshold']:.2f}"
        + threshold_interval(record["threshold_interval"])
    )
    if counts["development_documents"] < ENOUGH_DOCUMENTS:
        context.say(
            f"{counts['development_documents']} held-out documents are few for choosing it: load "
            "more training documents, or set a score with `deploy --threshold`"
        )
    for host, why in record["judge"]["lost_hosts"].items():
        context.say(f"Lost the host {host}: {why}")
    context.say("Seconds: " + ", ".join(f"{name} {value:.0f}" for name, value in seconds.items()))
    context.say(f"Run {trained.run}: {trained.encoder}")
    context.say(f"Next: lmtx-search deploy{given_flags(context)}")
    context.result({"run": trained.run, **record})


def llm_p1_lines(record: Mapping[str, Any]) -> list[str]:
    """Return how good the first labels are, and whether so few documents can tell a change."""
    from lmtx_search.training.certainty import CONFIDENCE, chance_of_change
    from lmtx_search.training.rivals import NAMES

    measures = record["measures"]
    after, before = (
        f"{measures[name]:.0%} ({measures[f'{name}_interval'][0]:.0%} to "
        f"{measures[f'{name}_interval'][1]:.0%})"
        for name in ("llm_p1", "llm_p1_before")
    )
    documents, better, worse = (
        measures[f"llm_p1_{name}"] for name in ("documents", "better", "worse")
    )
    of = f"({documents} held-out documents; {CONFIDENCE:.0%} intervals)"
    start = "First label correct according to the judge"
    if record["kept"] == "untrained":
        return [f"{start}: {after} with {NAMES['untrained']} {of}"]
    change = f"The first label is now correct for {better} more of them, and wrong for {worse} more"
    if chance_of_change(better, worse) >= 1 - CONFIDENCE:
        change += f": too few to tell whether training helped. {_MORE}"
    return [f"{start}: {after} after, {before} before training {of}", change]


def _say_rivals(context: Context, record: Mapping[str, Any]) -> None:
    """Say whether the judge's answers made a better encoder than what needs none."""
    from lmtx_search.training.rivals import NAMES

    for one in record["comparisons"]:
        if not one["documents"]:
            continue  # which encoder was kept, and why, says it
        low, high = one["difference_interval"]
        context.say(
            f"What the judge taught, compared with {NAMES[one['rival']]}: the first label is "
            f"correct for {one['better']} more of {one['documents']} documents, and wrong for "
            f"{one['worse']} more (difference {low:+.0%} to {high:+.0%})"
            + ("" if one["certain"] else f": the answers cannot tell which is better. {_MORE}")
        )
    if record["kept_because"]:
        context.say(f"Kept {record['kept_because']}")


def _cycle(cycle: dict[str, Any]) -> str:
    counts, llm_p1 = cycle["counts"], cycle["measures"]["llm_p1"]
    return (
        f"Cycle {cycle['cycle']}: {counts['judged_pairs']:,} new pairs, trained on "
        f"{counts['documents_with_positive']:,} documents, first label correct "
        f"{'not measured' if llm_p1 is None else f'{llm_p1:.0%}'}"
    )
