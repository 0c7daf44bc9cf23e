"""``lmtx-search status``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.errors import LmtxError

if TYPE_CHECKING:
    from lmtx_search.cluster.health.overview import Overview


@click.command(cls=Command)
@pass_context
def status(context: Context) -> None:
    """Show the embedded servers, the cluster, its label set and tagger, and the tagged documents.

    \b
    Example:
      lmtx-search status
    """
    from lmtx_search.embedded.servers import servers

    found = servers(context.settings)
    if not found:
        context.say("No embedded servers run for this data folder. To start them: `lmtx-search up`")
    for server in found:
        note = f" (log: {server.log})" if server.state == "ended" and server.log else ""
        words = {"used": "not started by `up`", "ended": "ended unexpectedly"}
        state = words.get(server.state, server.state)
        context.say(f"{server.name:<11} {server.address:<28} {state}{note}")
    url = context.settings.opensearch.url
    cluster, reason = _overview(context)
    if cluster is None:
        context.say(f"Cluster     {url}: {reason}")
    else:
        _print(context, url, cluster)
    context.result(
        {
            "servers": [asdict(server) for server in found],
            "cluster": {"url": url, "error": reason, **(asdict(cluster) if cluster else {})},
        }
    )


def _overview(context: Context) -> tuple[Overview | None, str | None]:
    """Return an overview of the cluster, or the reason why there is none."""
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.client.errors import translate
    from lmtx_search.cluster.health.overview import overview

    try:
        return overview(connect(context.settings.opensearch, reading=True)), None
    except LmtxError as error:
        return None, str(error)
    except Exception as error:
        known = translate(error)
        if known is None:
            raise
        return None, str(known)


def _print(context: Context, url: str, cluster: Overview) -> None:
    nodes = f"{cluster.nodes} node{'s' if cluster.nodes != 1 else ''}"
    context.say(f"Cluster     {url}: {cluster.version}, {cluster.health}, {nodes}")
    if not cluster.pipeline:
        context.say("            not set up yet. To set it up: `lmtx-search bootstrap-index`")
        return
    labels = cluster.labels
    if labels and labels.count:
        encoder = f", encoder {labels.encoder_digest[:12]}" if labels.encoder_digest else ""
        context.say(f"Labels      {labels.count:,} in {labels.index}{encoder}")
    else:
        context.say("Labels      none. To load them: `lmtx-search labels load FILE`")
    tagger = cluster.tagger or "none: documents are indexed untagged until `lmtx-search deploy`"
    context.say(f"Tagger      {tagger}")
    if cluster.documents is None:
        context.say("Documents   not counted: the user lacks the right to search all indices")
    for index, statuses in (cluster.documents or {}).items():
        context.say(f"Documents   {index}: {_counts(statuses)}")
    for name, indices in (cluster.untagging or {}).items():
        behind = "" if list(indices) == [name] else f" (of {name})"
        context.say(
            f"Not tagging {', '.join(indices)}{behind}: `lmtx-search doctor` prints the command to "
            "attach it again"
        )


def _counts(statuses: Any) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in statuses.items())
