"""``lmtx-search serve``."""

from __future__ import annotations

from ipaddress import ip_address

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command


@click.command(cls=Command)
@click.option("--host", help="Address to listen on (service.host).")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 chooses a free one (service.port)."
)
@pass_context
def serve(context: Context, host: str | None, port: int | None) -> None:
    """Run the HTTP tagger that the ingest pipeline calls.

    The service offers every tagger version in the data folder and finds new versions as they are
    deployed. It keeps no state, so several instances can run behind a load balancer.

    By default the service is reachable from this machine only. If --host (service.host) opens it to
    other machines, set LMTX_SERVICE_TOKEN for `serve` and `deploy`; without this token, the service
    answers every client.

    \b
    Example:
      lmtx-search serve --port 8787
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.labels.search import IndexSearch
    from lmtx_search.tagging.scoring.ranking import LabelSearch
    from lmtx_search.tagging.service.app import create_app
    from lmtx_search.tagging.service.server import address_of, listen
    from lmtx_search.tagging.service.server import serve as run
    from lmtx_search.tagging.service.version_pool import TaggerPool
    from lmtx_search.tagging.versions.store import TaggerVersions

    settings = context.settings
    listener = listen(
        settings.service.host if host is None else host,
        settings.service.port if port is None else port,
    )
    versions = TaggerVersions(settings.data_dir)
    opensearch = settings.opensearch
    search = LabelSearch(
        settings.service.exact_labels,
        IndexSearch(connect(opensearch, reading=True), opensearch.knn_engine),
    )
    app = create_app(
        TaggerPool(versions, settings.service.threads, search), token=settings.service.token
    )

    def started() -> None:
        url = address_of(listener)
        address = listener.getsockname()[0]
        if settings.service.token is None and not ip_address(address).is_loopback:
            click.echo(
                "Warning: every client that reaches this address is answered. "
                "Set LMTX_SERVICE_TOKEN, then run `lmtx-search deploy`.",
                err=True,
            )
        context.say(f"The tagger listens at {url} and serves {versions.folder}")
        context.result({"url": url, "folder": str(versions.folder)})

    run(app, listener, started)
    context.say("The tagger has stopped.")
