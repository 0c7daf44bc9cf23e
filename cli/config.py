"""``lmtx-search config``."""

from __future__ import annotations

import click

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
    values = flat_settings(context.settings)
    context.result(
        {
            key: {"value": value, "from": context.origins.get(key, "default")}
            for key, value in values.items()
        }
    )
    if not context.json:
        # Lines, not a table: a table cuts what does not fit, also in a pipe.
        shown = {key: _shown(value) for key, value in values.items()}
        first, second = max(map(len, shown)), max(map(len, shown.values()))
        context.say(f"{'setting':<{first}}  {'value':<{second}}  from")
        for key, text in shown.items():
            context.say(f"{key:<{first}}  {text:<{second}}  {context.origins.get(key, 'default')}")


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
