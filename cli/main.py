"""The ``lmtx-search`` command: imports the module of the command that is called, prints errors."""

from __future__ import annotations

import difflib
import errno
import importlib
import os
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

from lmtx_search.cli.commands import COMMANDS, SECTIONS
from lmtx_search.cli.context import Context
from lmtx_search.cli.grammar import Group
from lmtx_search.cli.streams import lasting_streams
from lmtx_search.errors import LmtxError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


EXIT_CODES = """
\b
Exit codes:
  0    success
  1    a failure, documents that failed, or a problem found by doctor or watch
  2    a mistake in the command line, the settings or the input
  130  stopped with Ctrl-C; the same command continues where it stopped
"""


class LazyGroup(Group):
    """A group whose commands' modules are imported when they are called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Raises:
            LmtxError: a pipe of the command's own is closed. click would end without a message.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise LmtxError("a connection was closed: run the same command again") from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return the command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(f"lmtx_search.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest one with a similar name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.5)
            hint = f"did you mean `{ctx.command_path} {near[0]}`?" if near else "see --help"
            ctx.fail(f"No such command '{args[0]}': {hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the commands' names without importing them."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in their sections, without importing them."""
        width = max(map(len, COMMANDS))
        for heading, section in SECTIONS.items():
            with formatter.section(heading):
                # Padded names: the descriptions of all sections start in the same column.
                formatter.write_dl(
                    [(f"{name:<{width}}", text) for name, (_, text) in section.items()]
                )


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.version_option(package_name="lmtx-search", prog_name="lmtx-search")
@click.pass_context
def cli(ctx: click.Context, /) -> None:
    """OpenSearch that tags its own documents.

    The flags under Settings can be given before or after the name of a command. Each one overrides
    the setting of lmtx-search.toml that is named in brackets.

    \b
    Example:
      lmtx-search up
      lmtx-search bootstrap-index
      lmtx-search labels load labels.jsonl
    """
    ctx.ensure_object(Context)


def main() -> None:
    """Run the command line; every failure is one line and an exit code."""
    with lasting_streams():
        code = _run()
    sys.exit(code)


def _run() -> int:
    try:
        code = cli.main(prog_name="lmtx-search", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. Run the same command again to continue.", err=True)
        code = 130
    except Exception as error:
        code = _fail(error)
    return code if isinstance(code, int) else 0


def _fail(error: Exception) -> int:
    if os.environ.get("LMTX_DEBUG"):
        raise error
    known = error if isinstance(error, LmtxError) else _translate(error)
    message = " ".join(str(known).split())
    click.echo(f"Error: {message}", err=True)
    return known.exit_code


def _translate(error: Exception) -> LmtxError:
    if "opensearchpy" in sys.modules:
        from lmtx_search.cluster.client.errors import translate

        translated = translate(error)
        if translated is not None:
            return translated
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        todo = ": free some space, then run the same command again" if error.errno in _FULL else ""
        return LmtxError(f"{error.strerror or error}{where}{todo}")
    return LmtxError(f"internal error: {type(error).__name__}: {error} (LMTX_DEBUG=1 shows where)")
