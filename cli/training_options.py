"""The options of a training run: `train` and `estimate` have all of them, `judge` some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lmtx_search.cli.numbers import SEED
from lmtx_search.judges.order import ORDERS
from lmtx_search.settings import Settings
from lmtx_search.training.document_order import DOCUMENT_ORDERS
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.positives import POSITIVES
from lmtx_search.training.profiles import PROFILES, training_settings
from lmtx_search.training.retrieval import RETRIEVALS
from lmtx_search.training.settings import TrainingSettings

F = TypeVar("F", bound=Callable[..., Any])

# These decide what the judge is asked; `judge`, which asks ahead, has them too.
SHORTLIST = click.option(
    "--shortlist", type=click.IntRange(1), help="Number of labels in a document's shortlist."
)
RETRIEVAL = click.option(
    "--retrieval",
    type=click.Choice(list(RETRIEVALS)),
    help="Strategy that finds a document's shortlist: hybrid (the nearest labels and those that it "
    "names) or dense (the nearest labels). Default: small: hybrid, paper: dense.",
)
PAIRS = click.option(
    "--pairs-per-document",
    type=click.IntRange(1),
    help="Number of shortlisted labels about which the judge is asked.",
)
ORDER = click.option(
    "--order",
    type=click.Choice(list(ORDERS)),
    metavar="NAME",
    help="Strategy for the order and number of questions: exhaustive (all labels), "
    "until-first-yes, or expected-gain (while a better label is likely). Default: exhaustive.",
)
DOCUMENT_ORDER = click.option(
    "--document-order",
    type=click.Choice(list(DOCUMENT_ORDERS)),
    help="Strategy for the order of documents: random, or disagreement (first those whose nearest "
    "label is not the first one by nearness and names together). Default: random.",
)
PROMPT = click.option(
    "--prompt",
    help="The judge's prompt: label-last, librarian, paper, or a TOML file "
    "(small: label-last, paper: paper).",
)

LEAST = click.option(
    "--least-documents",
    type=click.IntRange(2),
    help="Number of judged documents below which `train` stops before training (default: 32).",
)


def training_options(function: F) -> F:
    """Add the options, which arrive as keywords for :func:`training_of`."""
    options = (
        click.option(
            "--profile",
            type=click.Choice(list(PROFILES)),
            default="small",
            show_default=True,
            help="Set of defaults; the other options change single settings.",
        ),
        click.option(
            "--cycles",
            type=click.IntRange(1),
            help="Maximum number of cycles (small: 1, paper: 6).",
        ),
        click.option(
            "--judge-budget",
            help="Time (5m, 90s, 1h) or number of calls (500) for the judge in all cycles "
            "together (small: 5m, paper: no limit).",
        ),
        LEAST,
        click.option(
            "--seed", type=SEED, default=0, show_default=True, help="Seed of samples and training."
        ),
        SHORTLIST,
        RETRIEVAL,
        PAIRS,
        ORDER,
        DOCUMENT_ORDER,
        click.option(
            "--unjudged-documents",
            type=click.IntRange(0),
            help="Maximum number of documents that teach without the judge, by the labels that "
            "they name and by the scores of encoder and words (small: 3000, paper: 0).",
        ),
        click.option(
            "--learning-budget",
            help="Time (10m, 90s, 1h) for learning from these documents, with one cycle. `train` "
            "measures how many fit (small: 10m, paper and --unjudged-documents: no limit).",
        ),
        click.option(
            "--words",
            type=click.FloatRange(0),
            help="How much the words of a label count beside the encoder (small: 0.5, paper: 0).",
        ),
        click.option(
            "--epochs",
            type=click.IntRange(1),
            help="Number of passes over judged documents, if only these teach.",
        ),
        click.option(
            "--batch-size", type=click.IntRange(2), help="Number of documents in a training step."
        ),
        click.option(
            "--learning-rate",
            type=click.FloatRange(0, min_open=True),
            help="Learning rate of AdamW.",
        ),
        click.option(
            "--negatives",
            type=click.Choice(list(NEGATIVES)),
            help="Strategy for the labels that a document is pushed away from, if only judged "
            "documents teach (authors: hardest).",
        ),
        click.option(
            "--positives",
            type=click.Choice(list(POSITIVES)),
            help="Strategy for the pseudo-positives that a document is pulled to, if only judged "
            "documents teach (authors: one_random).",
        ),
        PROMPT,
    )
    for option in reversed(options):
        function = option(function)
    return function


def training_of(settings: Settings, judge_budget: str | None, **options: Any) -> TrainingSettings:
    """Return the settings of a training with these options.

    Raises:
        UserError: a wrong budget.
    """
    return training_settings(settings.encoder, budget=judge_budget, **options)
