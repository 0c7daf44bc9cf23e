"""The ``lmtx-search`` command: finds the command's module when it is called, and prints errors."""

from __future__ import annotations

import difflib
import errno
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from lmtx_search.cli.context import Context
from lmtx_search.errors import LmtxError
from lmtx_search.version import __version__

# name → module:attribute; imported only when called, so that `--help` never waits for torch.
COMMANDS = {
    "init": ("init:init", "Ask a few questions and write the settings file."),
    "up": ("servers:up", "Start an embedded OpenSearch, an Ollama and the tagger."),
    "down": ("servers:down", "Stop them; data stays."),
    "doctor": ("doctor:doctor", "Check everything that is needed; say what to do."),
    "status": ("status:status", "Show servers, cluster, tagger and documents."),
    "config": ("config:config", "Show each setting and where it came from."),
    "bootstrap-index": ("bootstrap:bootstrap_index", "Set the cluster up."),
    "attach": ("attach:attach", "Make an existing index tag what is indexed from now on."),
    "detach": ("attach:detach", "Undo that."),
    "labels": ("labels:labels", "Load and change the label set."),
    "docs": ("documents:docs", "Load training documents."),
    "estimate": ("estimate:estimate", "Say what a training will cost here."),
    "judge": ("judge:judge", "Ask the judge ahead of training."),
    "judgments": ("judgments:judgments", "Write judgments for other tools."),
    "train": ("train:train", "Teach the encoder what the judge says."),
    "runs": ("runs:runs", "List the runs of judge, train, evaluate, deploy, watch; show one."),
    "deploy": ("tagger:deploy", "Put a tagger into the ingest pipeline."),
    "taggers": ("taggers:taggers", "List tagger versions; remove those that nothing uses."),
    "rollback": ("taggers:rollback", "Go back to the tagger before."),
    "serve": ("serve:serve", "Run the HTTP tagger."),
    "ingest": ("documents:ingest", "Index documents through the tagging pipeline."),
    "retag": ("retag:retag", "Tag again what is already in an index."),
    "watch": ("watch:watch", "Let the judge look at what was tagged lately."),
    "tag": ("tagger:tag", "Tag a text, a file or standard input."),
    "facets": ("facets:facets", "Show the tags of an index with their counts."),
    "ui": ("ui:ui", "Serve a web page: search, tags, texts to try, judging."),
    "dashboards": ("dashboards:dashboards", "Put dashboards into OpenSearch Dashboards."),
    "evaluate": ("evaluate:evaluate", "Measure against gold tags."),
    "review": ("review:review", "Check tags yourself; training prefers your answers."),
    "compare": ("compare:compare", "Compare with other ways to tag without training data."),
    "study": ("study:study", "Train with several values of one setting and measure each."),
    "report": ("report:report", "Write all that is known of a run as one HTML file."),
    "source": ("source:source", "Write a public data set as files to load."),
    "completion": ("completion:completion", "Complete commands with the Tab key."),
}

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LazyGroup(click.Group):
    """A group whose commands' modules are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a user needs them."""
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
        """Find the command; a word that is none gets the one that was likely meant."""
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
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="Settings file.")
@click.option("--url", help="OpenSearch address (opensearch.url).")
@click.option("--user", help="OpenSearch user (opensearch.user).")
@click.option("--ca-file", type=click.Path(path_type=Path), help="CA, PEM (opensearch.ca_file).")
@click.option("--verify/--no-verify", default=None, help="Check the cluster's certificate.")
@click.option("--ollama", "ollama_hosts", help="Ollama servers, comma separated (ollama.hosts).")
@click.option("--model", "judge_model", help="The judge's model (ollama.model).")
@click.option("--encoder", help="Encoder: public name or folder (encoder.name).")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of runs and taggers.")
@click.version_option(__version__, prog_name="lmtx-search")
@click.pass_context
def cli(ctx: click.Context, /, config_file: Path | None, **flags: Any) -> None:
    """OpenSearch that tags its own documents.

    \b
    Example:
      lmtx-search up
      lmtx-search bootstrap-index
      lmtx-search labels load labels.jsonl
    """
    ctx.obj = Context(
        config_file,
        {
            "opensearch.url": flags["url"],
            "opensearch.user": flags["user"],
            "opensearch.ca_file": flags["ca_file"],
            "opensearch.verify": flags["verify"],
            "ollama.hosts": flags["ollama_hosts"],
            "ollama.model": flags["judge_model"],
            "encoder.name": flags["encoder"],
            "data_dir": flags["data_dir"],
        },
    )


def main() -> None:
    """Run the command line; every failure is one line and an exit code."""
    try:
        code = cli.main(prog_name="lmtx-search", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. Run the same command again to continue.", err=True)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        code = _fail(error)
    sys.exit(code if isinstance(code, int) else 0)


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
