"""``lmtx-search estimate``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.numbers import Count
from lmtx_search.cli.sizing import refuse_training_options, show_needs
from lmtx_search.cli.training_options import training_of, training_options

if TYPE_CHECKING:
    from lmtx_search.training.forecast import Forecast
    from lmtx_search.training.settings import TrainingSettings


@click.command(cls=Command)
@click.option(
    "--documents",
    type=Count(),
    help="Estimate nodes, services, cores, hours and disk for this number of documents instead. "
    "This needs no cluster.",
)
@click.option("--labels", type=Count(), help="Number of labels, with --documents.")
@click.option(
    "--per-day", type=Count(), help="Number of new documents a day, with --documents (default: 0)."
)
@training_options
@pass_context
def estimate(
    context: Context,
    documents: int | None,
    labels: int | None,
    per_day: int | None,
    **options: Any,
) -> None:
    """Estimate the calls, minutes and megabytes that `train` needs with the same options.

    The command tries the judge, the encoder and the training for some seconds each, with your own
    labels and documents on this machine. Nothing is kept. Run it after `labels load` and `docs
    load`.

    \b
    Example:
      lmtx-search estimate
      lmtx-search estimate --judge-budget 1h --cycles 3
      lmtx-search estimate --documents 1e9 --labels 1e6 --per-day 5e6
    """
    if (documents, labels, per_day) != (None, None, None):
        refuse_training_options(click.get_current_context())
        show_needs(context, documents, labels, per_day or 0)
        return
    from lmtx_search.training.forecast import forecast

    training = training_of(context.settings, **options)
    found = forecast(context.settings, training, context.progress)
    _show(context, training, found)
    context.result(
        {**asdict(found), "total_seconds": found.estimate.total_seconds, "budget": training.budget}
    )


def _show(context: Context, training: TrainingSettings, found: Forecast) -> None:
    from lmtx_search.training.learning_share import in_words

    sizes, speeds, costs = found.sizes, found.speeds, found.estimate
    context.say(
        f"Data          {sizes.labels:,} labels, {sizes.documents:,} training documents, "
        f"{sizes.held_out:,} held out"
    )
    context.say(
        f"Measured      judge {_rate(speeds.pairs)} pairs/s, encoder {_rate(speeds.documents)} "
        f"documents/s and {_rate(speeds.labels)} labels/s, training {_rate(speeds.training)} "
        "documents/s"
    )
    cycles = f" in {training.cycles} cycles" if training.cycles > 1 else ""
    context.say(
        f"Calls         at most {costs.calls:,}{cycles} within {training.budget}: "
        f"{costs.judged_documents:,} documents, {training.pairs_per_document} labels each"
    )
    if found.learning is not None:
        context.say(f"Learning      {in_words(found.learning)}")
    if costs.too_few:
        context.say(f"Too few       {costs.too_few}")
    told = ", ".join(f"{name} {_minutes(value)}" for name, value in costs.seconds.items())
    context.say(f"Minutes       {_minutes(costs.total_seconds)} ({told})")
    sizes_told = ", ".join(f"{name} {_megabytes(value)}" for name, value in costs.bytes.items())
    context.say(f"Megabytes     {_megabytes(sum(costs.bytes.values()))} ({sizes_told})")
    if costs.limited:
        context.say(
            f"Everything    {costs.all_calls:,} calls, "
            f"{_minutes(costs.all_calls / speeds.pairs)} minutes of judging; most label sets "
            "need only a part of them"
        )
    if costs.static_seconds is not None:
        context.say(
            f"Static        `deploy --static` takes about {_minutes(costs.static_seconds)} minutes "
            "more, and makes tagging many times as fast"
        )
    words = click.get_current_context().command_path
    context.say(f"Next: `{words.rsplit(' ', 1)[0]} train` with the same options")


def _rate(per_second: float) -> str:
    return f"{per_second:.1f}" if per_second < 10 else f"{per_second:,.0f}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}" if seconds < 600 else f"{seconds / 60:,.0f}"


def _megabytes(size: int) -> str:
    return f"{math.ceil(size / 1e6):,}"
