"""``lmtx-search judge``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.judged_line import judged_line
from lmtx_search.cli.numbers import SEED
from lmtx_search.cli.settings_flags import given_flags
from lmtx_search.cli.training_options import (
    DOCUMENT_ORDER,
    LEAST,
    ORDER,
    PAIRS,
    PROMPT,
    RETRIEVAL,
    SHORTLIST,
)
from lmtx_search.training.profiles import PROFILES, training_settings


@click.command(cls=Command)
@click.option(
    "--judge-budget",
    "budget",
    default="10m",
    show_default=True,
    help="Time (10m, 90s, 1h) or number of calls (500) for the judge.",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="small",
    show_default=True,
    help="The profile that `train` will use.",
)
@click.option(
    "--seed", type=SEED, default=0, show_default=True, help="The seed that `train` will use."
)
@SHORTLIST
@RETRIEVAL
@PAIRS
@PROMPT
@ORDER
@DOCUMENT_ORDER
@LEAST
@click.option(
    "--yes-from",
    type=click.FloatRange(0, 1),
    help="P(yes) that ends --order until-first-yes (default: the value that `train` uses).",
)
@pass_context
def judge(
    context: Context,
    budget: str,
    profile: str,
    seed: int,
    yes_from: float | None,
    **options: Any,
) -> None:
    """Ask the judge ahead of training, on all Ollama hosts in parallel.

    The judge is asked about the pairs that `train` asks about first with the same --profile,
    --seed, --shortlist, --retrieval, --pairs-per-document, --prompt, --order and --document-order.
    `train` then finds these answers and does not ask again. With the profile small, documents that
    name a label first teach the encoder. This takes some minutes, and `train` uses the result. Give
    `train` no --batch-size, --learning-rate, --unjudged-documents or --learning-budget: with one of
    these it learns from names again, and asks about other pairs. Each answer is kept in OpenSearch
    immediately: after an interruption, the same command continues with the rest.

    \b
    Example:
      lmtx-search judge --judge-budget 1h
      lmtx-search judge --ollama http://a:11434,http://b:11434 --judge-budget 5000 --seed 7
    """
    from lmtx_search.training.prejudge import judge_ahead
    from lmtx_search.training.targets.pseudo_positives import first_yes

    given = {name: value for name, value in options.items() if value is not None}
    training = training_settings(
        context.settings.encoder, profile, budget=budget, seed=seed, **given
    )
    if yes_from is None:
        yes_from = first_yes(training)
    record = judge_ahead(context.settings, training, yes_from, context.progress)

    counts, measures = record["counts"], record["measures"]
    if counts.get("named_stage"):
        context.say(
            f"Before the judge: {counts['named_documents']:,} documents name one of "
            f"{counts['named_labels']:,} labels, and the encoder learned from them. `train` uses it"
        )
    context.say(judged_line(counts))
    if counts["asked"]:
        context.say(
            f"{record['seconds']['judge']:,.0f} s, {measures['pairs_per_second']:.2f} pairs/s"
        )
    for host in record["hosts"]:
        context.say(
            f"  {host['host']}: {host['asked']:,} calls, {host['pairs_per_second']:.2f} pairs/s, "
            f"{host['neither']:,} neither, {host['failed']:,} failed"
        )
    for name, why in record["judge"]["lost_hosts"].items():
        context.say(f"Lost the host {name}: {why}")
    if record["too_few"]:
        context.say(f"Not enough yet: {record['too_few']}")
    same = {"profile": profile, "seed": seed, **given}
    context.say(f"Next: lmtx-search train{given_flags(context)}{option_words(same)}")
    context.result(record)


def option_words(options: Mapping[str, object]) -> str:
    """Return options as words of a shell, with a blank before each option."""
    return "".join(
        f" --{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in options.items()
    )
