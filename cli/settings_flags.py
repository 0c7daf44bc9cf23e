"""The flags that set a setting: every command takes them, before and after its name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lmtx_search.cli.context import Context

Callback = Callable[[click.Context, click.Parameter, Any], Any]


@functools.cache
def settings_flags() -> tuple[click.Option, ...]:
    """Return the flags. Of a flag that is given twice, the one further right counts."""
    file = click.Path(path_type=Path)
    return (
        _flag("--config", None, "Settings file (default: lmtx-search.toml).", type=file),
        _flag("--url", "opensearch.url", "Address of OpenSearch."),
        _flag("--user", "opensearch.user", "User of OpenSearch."),
        _flag("--ca-file", "opensearch.ca_file", "Certificate authority, a PEM file.", type=file),
        _flag(
            "--verify/--no-verify",
            "opensearch.verify",
            "Check the cluster's certificate, or trust it unseen.",
            default=None,
        ),
        _flag("--ollama", "ollama.hosts", "Ollama servers, comma separated."),
        _flag("--model", "ollama.model", "The judge's model."),
        _flag("--encoder", "encoder.name", "Encoder: a public name or a folder."),
        _flag("--data-dir", "data_dir", "Folder of runs and taggers.", type=file),
    )


def _flag(name: str, key: str | None, text: str, **attributes: Any) -> click.Option:
    # The parameter's own name has a prefix: a command may have a parameter `model`.
    return click.Option(
        [name, f"setting_{key or 'file'}".replace(".", "_")],
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
