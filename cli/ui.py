"""``lmtx-search ui``."""

from __future__ import annotations

import click

from lmtx_search.cli.context import Context, one_index, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.settings import UiSettings


@click.command(cls=Command)
@click.option("--index", required=True, callback=one_index, help="Index of tagged documents.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port (default: a free one)."
)
@pass_context
def ui(context: Context, index: str, host: str, port: int) -> None:
    """Serve a web page to search, try the tagger and decide on tags. Ctrl-C ends it.

    The page "Decide" shows suggestions and unsure tags, those first on which a decision is worth
    most. Keys: j and k move, a accepts, r rejects, / adds another label, u undoes. A decision
    changes the document at once, and the next `train` learns from it. Several people can work at
    the same time.

    On this machine, nobody signs in. On a network, visitors may only read until the settings say
    how they sign in (ui.user_header or ui.tokens) and who may decide (ui.editors).

    \b
    Example:
      lmtx-search ui --index articles
      lmtx-search ui --index articles --port 8080
      LMTX_UI_TOKENS=anna:$TOKEN LMTX_UI_EDITORS=anna lmtx-search ui --index articles --host 0.0.0.0
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.ml.index_pipeline import reads_of
    from lmtx_search.tagging.service.server import address_of, listen, serve
    from lmtx_search.ui.app import create_app
    from lmtx_search.ui.guard import LOOPBACK

    settings = context.settings
    client = connect(settings.opensearch)
    client.count(index=index)  # fails early, with a clear message
    taught = list(settings.documents.text_fields)
    own = reads_of(client, index) or taught
    if own != taught:
        context.progress.note(
            f"Tags of {index} come from {', '.join(own)}, but training reads {', '.join(taught)} "
            "(documents.text_fields): answers about its documents teach what these fields contain"
        )
    listener = listen(host, port)
    app = create_app(settings, index, on_loopback=host in LOOPBACK)

    def started() -> None:
        url = address_of(listener)
        context.say(f"Open {url} in a browser; Ctrl-C ends it")
        if warning := _warning(settings.ui, host in LOOPBACK):
            click.echo(f"Warning: {warning}", err=True)
        context.result({"url": url, "index": index})

    serve(app, listener, started)
    context.say("The page is closed.")


def _warning(settings: UiSettings, on_loopback: bool) -> str | None:
    """Return what the person who starts the page should know about its visitors."""
    if settings.signs_in:
        if not settings.editors:
            return "nobody may decide on tags: name the users who may in ui.editors."
        return None
    if on_loopback and not settings.hosts:
        return None
    return (
        "every visitor of this address can read; to let people decide on tags, set ui.user_header "
        "or ui.tokens, and ui.editors."
    )
