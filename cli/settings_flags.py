"""The flags that set a setting: every command takes them, before and after its name."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lmtx_search.cli.context import Context

Callback = Callable[[click.Context, click.Parameter, Any], Any]


_CONFIG = "--config"
_NAMES = {
    "opensearch.url": "--url",
    "opensearch.user": "--user",
    "opensearch.ca_file": "--ca-file",
    "opensearch.verify": "--verify/--no-verify",
    "ollama.hosts": "--ollama",
    "ollama.model": "--model",
    "encoder.name": "--encoder",
    "data_dir": "--data-dir",
}


@functools.cache
def settings_flags() -> tuple[click.Option, ...]:
    """Return the flags. Of a flag that is given twice, the one further right counts."""
    file = _NamedPath(path_type=Path)
    return (
        _flag(None, "Settings file (default: lmtx-search.toml).", type=file),
        _flag("opensearch.url", "Address of OpenSearch."),
        _flag("opensearch.user", "User of OpenSearch."),
        _flag("opensearch.ca_file", "Certificate authority, a PEM file.", type=file),
        _flag(
            "opensearch.verify",
            "Check the cluster's certificate, or trust it unseen.",
            default=None,
        ),
        _flag("ollama.hosts", "Ollama servers, comma separated."),
        _flag("ollama.model", "The judge's model."),
        _flag("encoder.name", "Encoder: a public name or a folder."),
        _flag("data_dir", "Folder of runs and taggers.", type=file),
    )


def given_flags(context: Context, *, config_only: bool = False) -> str:
    """Return the flags that were given as words of a shell, for the next command.

    Args:
        config_only: leave out all but --config, because the settings file has their settings.

    Returns:
        The words with a blank before each ("": no flag was given).
    """
    words = [] if context.config_file is None else [_CONFIG, str(context.config_file)]
    for key, value in () if config_only else context.flags.items():
        if isinstance(value, bool):
            on, _, off = _NAMES[key].partition("/")
            words.append(on if value else off)
        else:
            words += [_NAMES[key], str(value)]
    return "".join(f" {shlex.quote(word)}" for word in words)


class _NamedPath(click.Path):
    """A path that is not empty: an empty one would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; refuse an empty text."""
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


def _flag(key: str | None, text: str, **attributes: Any) -> click.Option:
    # The parameter's own name has a prefix: a command may have a parameter `model`.
    return click.Option(
        [_NAMES[key] if key else _CONFIG, f"setting_{key or 'file'}".replace(".", "_")],
        help=f"{text[:-1]} ({key})." if key else text,
        expose_value=False,
        callback=_keep(key),
        **attributes,
    )


def _keep(key: str | None) -> Callback:
    """Return a callback that hands a value that was given to the command's context."""

    def keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value is None or ctx.resilient_parsing:
            return
        context = ctx.ensure_object(Context)
        if key is None:
            context.config_file = value
        else:
            context.flags[key] = value

    return keep
