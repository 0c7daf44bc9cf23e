"""``lmtx-search ui``."""

from __future__ import annotations

import click

from lmtx_search.cli.context import Context, one_index, pass_context
from lmtx_search.cli.grammar import Command


@click.command(cls=Command)
@click.option("--index", required=True, callback=one_index, help="Index of tagged documents.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port (default: a free one)."
)
@pass_context
def ui(context: Context, index: str, host: str, port: int) -> None:
    """Serve a web page to search, see tags with counts, and try the tagger. Ctrl-C ends it.

    One click marks a tag as wrong or missing. The answer is kept as your judgment, the document
    becomes a training document, and the next `train` prefers your answer to the judge's.

    The page has no sign-in: every visitor can do all this. If --host opens it to other machines,
    put it behind a proxy that authenticates users.

    \b
    Example:
      lmtx-search ui --index articles
      lmtx-search ui --index articles --port 8080
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.service.server import address_of, listen, serve
    from lmtx_search.ui.app import create_app
    from lmtx_search.ui.guard import LOOPBACK

    settings = context.settings
    connect(settings.opensearch).count(index=index)  # fails early, with a clear message
    listener = listen(host, port)
    app = create_app(settings, index, LOOPBACK if host in LOOPBACK else None)

    def started() -> None:
        url = address_of(listener)
        context.say(f"Open {url} in a browser; Ctrl-C ends it")
        if host not in LOOPBACK:
            click.echo("Warning: every visitor of this address can read and judge.", err=True)
        context.result({"url": url, "index": index})

    serve(app, listener, started)
    context.say("The page is closed.")
