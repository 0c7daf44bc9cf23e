"""How gold tags are given, the same for every command that measures."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--gold",
        "gold_file",
        type=click.Path(path_type=Path),
        help="Right tags: TSV, document id and label id; or a file of the Extreme Classification "
        "Repository, in the order of the documents (also .gz).",
    ),
    click.option("--gold-field", help="Right tags: a field of the documents, label ids or texts."),
    click.option(
        "--train-gold",
        type=click.Path(path_type=Path),
        help="Right tags of training documents (TSV, repository file, or JSONL with "
        "--gold-field), to count labels by. Default: --gold.",
    ),
)


def gold_options(function: F) -> F:
    """Add --gold, --gold-field and --train-gold."""
    return functools.reduce(lambda inner, option: option(inner), reversed(_OPTIONS), function)
