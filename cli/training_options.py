"""Options of a training run, for `train` and `estimate`; some of them for `judge`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lmtx_search.judges.order import ORDERS
from lmtx_search.settings import Settings
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.positives import POSITIVES
from lmtx_search.training.profiles import PROFILES, training_settings
from lmtx_search.training.settings import TrainingSettings

F = TypeVar("F", bound=Callable[..., Any])

# What the judge is asked; `judge`, which asks ahead, has these too.
SHORTLIST = click.option(
    "--shortlist", type=click.IntRange(1), help="Labels of a document's shortlist."
)
PAIRS = click.option(
    "--pairs-per-document", type=click.IntRange(1), help="How many of these the judge is asked."
)
ORDER = click.option(
    "--order",
    type=click.Choice(list(ORDERS)),
    metavar="NAME",
    help="Which of these is asked next, and when there are enough: exhaustive (all), "
    "until-first-yes, expected-gain (as long as a better label is likely) "
    "(small: exhaustive, paper: exhaustive).",
)
PROMPT = click.option(
    "--prompt",
    help="The judge's question: label-last, librarian, paper, or a TOML file "
    "(small: label-last, paper: paper).",
)


def training_options(function: F) -> F:
    """Add the options; they arrive as keywords, as :func:`training_of` takes them."""
    options = (
        click.option(
            "--profile",
            type=click.Choice(list(PROFILES)),
            default="small",
            show_default=True,
            help="Settings that belong together; the other options change single ones.",
        ),
        click.option(
            "--cycles", type=click.IntRange(1), help="At most so many (small: 1, paper: 6)."
        ),
        click.option(
            "--judge-budget",
            help="How long (5m, 90s, 1h) or how often (500) the judge is asked, all cycles "
            "together (small: 5m, paper: no limit).",
        ),
        click.option(
            "--seed", default=0, show_default=True, help="Same seed, same order of everything."
        ),
        SHORTLIST,
        PAIRS,
        ORDER,
        click.option("--epochs", type=click.IntRange(1), help="How often each document is seen."),
        click.option("--batch-size", type=click.IntRange(2), help="Documents of a training step."),
        click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Of AdamW."),
        click.option(
            "--negatives",
            type=click.Choice(list(NEGATIVES)),
            help="Which labels a document is pushed away from (hardest: the authors').",
        ),
        click.option(
            "--positives",
            type=click.Choice(list(POSITIVES)),
            help="Which of its pseudo-positives a document is pulled to "
            "(one_random: the authors').",
        ),
        PROMPT,
    )
    for option in reversed(options):
        function = option(function)
    return function


def training_of(settings: Settings, judge_budget: str | None, **options: Any) -> TrainingSettings:
    """Return the training run that the options ask for.

    Raises:
        UserError: a budget that is none.
    """
    return training_settings(settings.encoder, budget=judge_budget, **options)
