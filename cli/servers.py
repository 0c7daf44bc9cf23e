"""``lmtx-search up`` and ``lmtx-search down``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.confirm import confirm, deletes
from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.given_options import refuse_given
from lmtx_search.cli.grammar import Command
from lmtx_search.errors import UserError

if TYPE_CHECKING:
    from lmtx_search.settings import SettingsWithOrigins

# What `up` downloads by the settings.
_MODELS = ("encoder.name", "ollama.model")
_ADDRESSES = {"opensearch.url": "--url", "ollama.hosts": "--ollama"}
_EMBEDDED = "embedded servers"


@click.command(cls=Command)
@click.option("--without-judge", is_flag=True, help="Start no Ollama.")
@click.option("--without-tagger", is_flag=True, help="Start no HTTP tagger.")
@click.option("--prepare-only", is_flag=True, help="Download and build everything; start nothing.")
@click.option(
    "--nodes",
    type=click.Choice(["1", "3"]),
    help="Number of OpenSearch nodes (default: as before, at first 1). Of three nodes, two hold "
    "the documents and one runs the models.",
)
@pass_context
def up(
    context: Context,
    without_judge: bool,
    without_tagger: bool,
    prepare_only: bool,
    nodes: str | None,
) -> None:
    """Start an embedded OpenSearch, an Ollama with the judge's model, and the HTTP tagger.

    They listen on free ports of this machine only, and every other command finds them. The first
    start downloads what they need and checks it. An Ollama that runs or is installed is used. With
    judge.runtime = llamacpp, the judge's model is downloaded and no Ollama is started. For texts
    in other languages than English, use --encoder multilingual-e5-small from the first start on. A
    better judge, which takes two to three times as long for each answer, is
    --model qwen2.5-coder:1.5b-instruct-q4_K_M (1.1 GB). The next `up` uses the same encoder and
    judge again, also after `down`.

    \b
    Example:
      lmtx-search up
      lmtx-search up --encoder multilingual-e5-small
      lmtx-search up --nodes 3
      lmtx-search status
      lmtx-search down
    """
    from lmtx_search.embedded import servers

    if without_judge and "ollama.model" in context.flags:
        raise UserError("--model chooses the judge: leave out --without-judge, or --model")
    _refuse_flags_without_effect(context)
    if prepare_only:
        refuse_given(
            click.get_current_context(),
            ("nodes", "without_tagger"),
            "has no effect with --prepare-only, which starts nothing",
        )
        servers.prepare(context.settings, judge=not without_judge, progress=context.progress)
        context.say("Everything is downloaded and built. To start it: `lmtx-search up`")
        context.result({"prepared": True})
        return
    found = servers.up(
        context.settings,
        judge=not without_judge,
        tagger=not without_tagger,
        nodes=int(nodes) if nodes else None,
        progress=context.progress,
    )
    words = {"running": "already running", "used": "already there, used as it is"}
    for server in found:
        context.say(
            f"{server.name:<13} {server.address:<28} {words.get(server.state, server.state)}"
        )
    used = _models(context, judge=not without_judge)
    for what, name in used.items():
        context.say(f"{what:<13} {name}")
    context.result({"servers": [asdict(server) for server in found], **used})


def _models(context: Context, judge: bool) -> dict[str, str]:
    """Return the encoder and the judge that all other commands use now, by name."""
    from lmtx_search.embedded.wanted_models import wanted_encoder

    settings = _without_models(context).settings
    found = {"encoder": wanted_encoder(settings) or settings.encoder.name}
    if judge:
        gguf = settings.judge.gguf if settings.judge.runtime == "llamacpp" else None
        found["judge"] = gguf.name if gguf else settings.ollama.model
    return found


def _without_models(context: Context) -> SettingsWithOrigins:
    """Return the settings of commands that are not given --encoder and --model."""
    from lmtx_search.settings import load_settings_with_origins

    flags = {key: value for key, value in context.flags.items() if key not in _MODELS}
    return load_settings_with_origins(context.config_file, flags)


def _refuse_flags_without_effect(context: Context) -> None:
    """Refuse --url and --ollama, and --encoder and --model if other commands would not follow them.

    Raises:
        UserError: the flag is an address, `up` cannot download the model, or another source of
            settings wins.
    """
    for key, flag in _ADDRESSES.items():
        if key in context.flags:
            raise UserError(
                f"{flag} has an effect on one command only, and `up` starts servers for all: set "
                f"{key} in lmtx-search.toml if they should use {context.flags[key]}"
            )
    from lmtx_search.embedded import wanted_models
    from lmtx_search.embedded.models import downloaded_judges
    from lmtx_search.encoder.folder import DOWNLOADED_ENCODERS
    from lmtx_search.settings import flat_settings

    settings = context.settings
    found = (
        (wanted_models.wanted_encoder(settings), DOWNLOADED_ENCODERS),
        (wanted_models.wanted_judge(settings), downloaded_judges()),
    )
    others = _without_models(context)
    values = flat_settings(others.settings)
    for key, (name, names) in zip(_MODELS, found, strict=True):
        given = context.flags.get(key)
        if given is None:
            continue
        if name is None:
            raise UserError(
                f"`up` downloads only {' and '.join(names)}: to use {given}, set {key} in "
                "lmtx-search.toml"
            )
        in_process = settings.judge.runtime == "llamacpp" and key == "ollama.model"
        wins = "judge.gguf" if in_process and wanted_models.own_gguf(settings) else key
        origin = others.origins.get(wins, _EMBEDDED)
        if origin != _EMBEDDED and values[wins] != given:
            raise UserError(
                f"{wins} is {values[wins]} ({origin}), which other commands follow: change it "
                "there instead of giving a flag to `up`"
            )


@click.command(cls=Command)
@click.option(
    "--delete-data",
    is_flag=True,
    help="Also delete the cluster's data and all that was made from it.",
)
@deletes
@pass_context
def down(context: Context, delete_data: bool, dry_run: bool, yes: bool) -> None:
    """Stop the servers that `up` started. Data and downloads stay for the next `up`.

    With --delete-data the command shows what it will delete and asks for confirmation.

    \b
    Example:
      lmtx-search down
      lmtx-search down --delete-data --dry-run
      lmtx-search down --delete-data
    """
    from lmtx_search.embedded import servers
    from lmtx_search.embedded.erase import erasable, erase

    folders = erasable(context.settings) if delete_data else []
    if dry_run:
        _show_plan(context, folders)
        return
    if folders:
        confirm(f"This deletes {', '.join(map(str, folders))}. Continue?", yes)
    stopped = servers.down(context.settings, context.progress)
    for server in stopped:
        context.say(f"{server.name:<13} {server.address:<28} stopped")
    if not stopped:
        context.say("No embedded server of this data folder is running.")
    deleted = erase(context.settings) if delete_data else []
    for folder in deleted:
        context.say(f"deleted     {folder}")
    context.result({"stopped": [asdict(server) for server in stopped], "deleted": deleted})


def _show_plan(context: Context, folders: Sequence[Path]) -> None:
    from lmtx_search.embedded.servers import servers

    started = [server for server in servers(context.settings) if server.state == "running"]
    for server in started:
        context.say(f"{server.name:<13} {server.address:<28} would be stopped")
    for folder in folders:
        context.say(f"would be deleted  {folder}")
    if not started and not folders:
        context.say("There is nothing to stop or delete.")
    context.result(
        {
            "dry_run": True,
            "stopped": [asdict(server) for server in started],
            "deleted": folders,
        }
    )
