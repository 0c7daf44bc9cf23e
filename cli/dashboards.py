"""``lmtx-search dashboards``: pictures of tags, tagger and judge in OpenSearch Dashboards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.dashboards.objects import Object, Shown, as_ndjson
from lmtx_search.cluster.dashboards.scope import TIME_FIELD, objects_about


@click.group()
def dashboards() -> None:
    """Three dashboards (Tags, Tagger, Judge) for OpenSearch Dashboards 2.19 and 3.x.

    \b
    Example:
      lmtx-search dashboards import --dry-run
    """


def _about(command: Callable[..., Any]) -> Callable[..., Any]:
    index = click.option(
        "--index", help="Index or pattern of the documents (default: all that tag)."
    )
    time_field = click.option(
        "--time-field",
        default=TIME_FIELD,
        show_default=True,
        help="The documents' date, for tags over time and the time picker.",
    )
    return index(time_field(command))


def _objects(context: Context, index: str | None, time_field: str) -> tuple[Shown, list[Object]]:
    settings = context.settings
    client = connect(settings.opensearch, reading=True)
    return objects_about(client, index, time_field, settings.documents.text_fields)


@dashboards.command("export")
@_about
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    default="lmtx-search.ndjson",
    show_default=True,
    help="The file; - is standard output.",
)
@pass_context
def export(context: Context, index: str | None, time_field: str, output: Path) -> None:
    """Write the dashboards as one file, to be imported under Management, Saved objects.

    \b
    Example:
      lmtx-search dashboards export
      lmtx-search dashboards export --index library --time-field published --output - | gzip > d.gz
    """
    shown, objects = _objects(context, index, time_field)
    if str(output) == "-":
        click.echo(as_ndjson(objects), nl=False)
        return
    output.write_text(as_ndjson(objects), encoding="utf-8")
    context.say(f"Wrote {output}: {len(objects)} objects about {shown.index}")
    context.result({"file": str(output), "objects": len(objects), "index": shown.index})


@dashboards.command("import")
@click.option(
    "--url",
    default="http://127.0.0.1:5601",
    show_default=True,
    help="Address of OpenSearch Dashboards.",
)
@_about
@click.option("--tenant", help="global, private or a tenant's name.")
@click.option("--overwrite", is_flag=True, help="Replace those that an earlier import left.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
@pass_context
def import_(
    context: Context,
    url: str,
    index: str | None,
    time_field: str,
    tenant: str | None,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Put the dashboards into a running OpenSearch Dashboards.

    Who signs in is the cluster's user: opensearch.user (--user before the command) and
    LMTX_OPENSEARCH_PASSWORD.

    \b
    Example:
      lmtx-search dashboards import --dry-run
      lmtx-search --user editor dashboards import --url https://dashboards.example --tenant library
      lmtx-search dashboards import --index library --time-field published --overwrite
    """
    from lmtx_search.cluster.dashboards.api import DashboardsApi
    from lmtx_search.cluster.dashboards.importing import put

    api = DashboardsApi(url, context.settings.opensearch, tenant)
    shown, objects = _objects(context, index, time_field)
    done = put(api, objects, overwrite, dry_run)
    would = "would be " if dry_run else ""
    for what, them in (("created", done.created), ("replaced", done.replaced)):
        for name in them:
            context.say(f"  {would}{what}  {name}")
    if dry_run:
        context.say(f"Dry run: nothing was sent to OpenSearch Dashboards {done.version}.")
    else:
        context.say(f"Tags, Tagger and Judge about {shown.index}: {url.rstrip('/')}/app/dashboards")
    context.result(
        {
            "dry_run": dry_run,
            "version": done.version,
            "index": shown.index,
            "created": done.created,
            "replaced": done.replaced,
        }
    )
