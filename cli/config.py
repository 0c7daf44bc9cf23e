"""``lmtx-search config``."""

from __future__ import annotations

import click
from rich.table import Table

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.settings import flat_settings


@click.command()
@pass_context
def config(context: Context) -> None:
    """Show each setting, its value and where the value came from.

    Settings come from defaults, running embedded servers, the file lmtx-search.toml, LMTX_*
    variables and flags; the later one wins.

    \b
    Example:
      LMTX_OPENSEARCH_URL=https://search.example:9200 lmtx-search config
    """
    loaded = context.loaded
    values = flat_settings(loaded.settings)
    context.result(
        {
            key: {"value": value, "from": loaded.origins.get(key, "default")}
            for key, value in values.items()
        }
    )
    if not context.json:
        table = Table("setting", "value", "from", box=None, pad_edge=False)
        for key, value in values.items():
            table.add_row(key, _shown(value), loaded.origins.get(key, "default"))
        context.console.print(table)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
