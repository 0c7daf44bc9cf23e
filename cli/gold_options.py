"""The options for gold tags, which every command that measures has."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from lmtx_search.cli.document_options import format_option

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    format_option,
    click.option(
        "--gold",
        "gold_file",
        type=click.Path(path_type=Path),
        help="Gold tags: a TSV file with document id and label id, or a file of the Extreme "
        "Classification Repository in the order of the documents (also .gz).",
    ),
    click.option(
        "--gold-field", help="Gold tags: a field of the documents with label ids or texts."
    ),
    click.option(
        "--train-gold",
        type=click.Path(path_type=Path),
        help="Gold tags of the training documents, from which labels are counted: TSV, repository "
        "file, or, with --gold-field, documents in the --format of FILE (default: --gold).",
    ),
)


def gold_options(function: F) -> F:
    """Add --format, --gold, --gold-field and --train-gold."""
    return functools.reduce(lambda inner, option: option(inner), reversed(_OPTIONS), function)
