"""``lmtx-search dashboards``: dashboards about tags, tagger and judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Group
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.dashboards.objects import Object, Shown, as_ndjson
from lmtx_search.cluster.dashboards.scope import TIME_FIELD, objects_about
from lmtx_search.cluster.facets.counted import uncounted_tags


@click.group(cls=Group)
def dashboards() -> None:
    """Export or import the dashboards Tags, Tagger and Judge (OpenSearch Dashboards 2.19, 3.x).

    \b
    Example:
      lmtx-search dashboards import --dry-run
    """


def _about(command: Callable[..., Any]) -> Callable[..., Any]:
    index = click.option(
        "--index", help="Index or pattern of the documents (default: all attached indices)."
    )
    time_field = click.option(
        "--time-field",
        default=TIME_FIELD,
        show_default=True,
        help="Date field of the documents, for tags over time and the time picker.",
    )
    return index(time_field(command))


def _objects(context: Context, index: str | None, time_field: str) -> tuple[Shown, list[Object]]:
    settings = context.settings
    client = connect(settings.opensearch, reading=True)
    shown, objects = objects_about(client, index, time_field, settings.documents.text_fields)
    for note in uncounted_tags(client, shown.index):
        context.progress.note(f"{note}. Then make the dashboards again")
    return shown, objects


@dashboards.command("export")
@_about
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    default="lmtx-search.ndjson",
    show_default=True,
    help="File to write (-: standard output).",
)
@pass_context
def export(context: Context, index: str | None, time_field: str, output: Path) -> None:
    """Write the dashboards to one file.

    OpenSearch Dashboards imports the file under Management, Saved objects.

    \b
    Example:
      lmtx-search dashboards export
      lmtx-search dashboards export --index library --time-field published --output - | gzip > d.gz
    """
    to_output = str(output) == "-"
    if to_output and context.json:
        raise click.UsageError("--json needs a file: the objects go to standard output")
    shown, objects = _objects(context, index, time_field)
    if to_output:
        click.echo(as_ndjson(objects), nl=False)
        return
    output.write_text(as_ndjson(objects), encoding="utf-8")
    context.say(f"Wrote {output}: {len(objects)} objects about {shown.index}")
    context.result({"file": str(output), "objects": len(objects), "index": shown.index})


@dashboards.command("import")
@click.option(
    "--dashboards-url",
    "url",
    default="http://127.0.0.1:5601",
    show_default=True,
    help="Address of OpenSearch Dashboards.",
)
@_about
@click.option("--tenant", help="Tenant: global, private or a tenant's name.")
@click.option("--overwrite", is_flag=True, help="Replace the objects of an earlier import.")
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
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

    The command signs in as the user of the cluster: --user (opensearch.user) with the password in
    LMTX_OPENSEARCH_PASSWORD.

    \b
    Example:
      lmtx-search dashboards import --dry-run
      lmtx-search dashboards import --user editor --dashboards-url https://dashboards.example
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
        context.say(f"Dry run: nothing was written to OpenSearch Dashboards {done.version}.")
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
