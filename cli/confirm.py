"""The question before something is deleted, and the options that go with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from lmtx_search.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])


def deletes(function: F) -> F:
    """Add ``--dry-run`` and ``--yes``, which every command has that deletes something."""
    function = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")(function)
    return click.option(
        "--dry-run", is_flag=True, help="Show what the command would do; change nothing."
    )(function)


def confirm(question: str, yes: bool) -> None:
    """Ask for confirmation on standard error; return if the answer is yes or ``yes`` is given.

    Raises:
        Exit: the answer is no (exit code 1).
        UserError: standard input gives no answer, as in a script.
    """
    if yes:
        return
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():  # Ctrl-C
            raise
        click.echo(err=True)
        raise UserError(
            "nothing was changed, because standard input has no answer: --yes confirms, and "
            "--dry-run shows what would be deleted"
        ) from None
    if not agreed:
        click.echo("Nothing was deleted.", err=True)
        raise click.exceptions.Exit(1)
