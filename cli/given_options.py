"""Which options were given on the command line."""

from __future__ import annotations

from collections.abc import Collection

import click

from lmtx_search.errors import UserError


def refuse_given(ctx: click.Context, names: Collection[str], why: str) -> None:
    """Refuse options that would have no effect.

    Args:
        names: the names of their parameters.
        why: the end of the message, behind the name of the option.

    Raises:
        UserError: one of them was given.
    """
    for param in ctx.command.params:
        name = param.name or ""
        given = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and name in names:
            raise UserError(f"{param.opts[0]} {why}")
