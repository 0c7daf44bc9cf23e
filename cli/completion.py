"""``lmtx-search completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command

_PROGRAM = "lmtx-search"
_VARIABLE = "_LMTX_SEARCH_COMPLETE"


@click.command(cls=Command)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@pass_context
def completion(context: Context, shell: str) -> None:
    """Print a script that completes commands and options with the Tab key.

    SHELL is bash, zsh or fish.

    \b
    Example:
      lmtx-search completion bash >> ~/.bashrc
      lmtx-search completion zsh >> ~/.zshrc
      lmtx-search completion fish > ~/.config/fish/completions/lmtx-search.fish
    """
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    assert kind is not None
    script = kind(root, {}, _PROGRAM, _VARIABLE).source()
    if not context.json:
        click.echo(script)
    context.result({"shell": shell, "script": script})
