"""``lmtx-search bootstrap-index``."""

from __future__ import annotations

import json

import click

from lmtx_search.cli.context import Context, index_name, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.setup.bootstrap import Plan, apply, plan
from lmtx_search.cluster.setup.roles import Kind, role
from lmtx_search.cluster.setup.steps import Request, Step


def _index_names(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    return tuple(index_name(context, parameter, value) for value in values)


@click.command("bootstrap-index", cls=Command)
@click.option("--dry-run", is_flag=True, help="Print every request; change nothing.")
@click.option(
    "--apply-cluster-settings", is_flag=True, help="Set the cluster settings that the tagger needs."
)
@click.option(
    "--print-role",
    "kind",
    is_flag=False,
    flag_value="operator",
    type=click.Choice(["operator", "writer"]),
    help="Print a role with the minimum rights for all commands (operator) or for a program that "
    "only writes documents (writer); change nothing.",
)
@click.option(
    "--index",
    "indices",
    multiple=True,
    callback=_index_names,
    help="Index or pattern that the role may use (with --print-role; repeatable).",
)
@pass_context
def bootstrap_index(
    context: Context,
    dry_run: bool,
    apply_cluster_settings: bool,
    kind: Kind | None,
    indices: tuple[str, ...],
) -> None:
    """Set up the cluster: templates, label index, judgments, runs and the ingest pipeline.

    Existing parts stay unchanged, so a second run changes nothing. The command prints the cluster
    settings that the tagger's connector needs, and sets them only with --apply-cluster-settings.

    On a secured cluster, an administrator first creates a role from the output of --print-role with
    PUT _plugins/_security/api/roles/NAME.

    \b
    Example:
      lmtx-search bootstrap-index --dry-run
      lmtx-search bootstrap-index --apply-cluster-settings
      lmtx-search bootstrap-index --print-role --index "articles*" > role.json
    """
    if kind is not None:
        # The role is JSON, with --json and without.
        click.echo(json.dumps(role(kind, context.settings, indices), indent=2))
        return
    if indices:
        raise click.UsageError("--index needs --print-role")
    client = connect(context.settings.opensearch)
    planned = plan(client, context.settings)
    context.say(f"OpenSearch {planned.cluster.version}, cluster {planned.cluster.name}")
    for step in planned.steps:
        if step.request is None:
            context.say(f"  {'unchanged':13}  {step.what}")
        elif dry_run:
            _say_request(context, step.request)
    if dry_run:
        if planned.settings:
            remark = "" if apply_cluster_settings else "only with --apply-cluster-settings"
            _say_request(context, planned.settings_request, remark)
    else:
        apply(client, planned, apply_cluster_settings, lambda step: _say_done(context, step))
    _say_rest(context, planned, dry_run, apply_cluster_settings)
    context.result(_result(planned, dry_run, apply_cluster_settings))


def _say_done(context: Context, step: Step) -> None:
    context.say(f"  {'updated' if step.replaces else 'created':13}  {step.what}")


def _say_request(context: Context, request: Request, remark: str = "") -> None:
    context.say(f"{request.method} {request.path}" + (f"   # {remark}" if remark else ""))
    context.say(json.dumps(request.body, indent=2, ensure_ascii=False))


def _say_rest(context: Context, planned: Plan, dry_run: bool, applied: bool) -> None:
    for note in planned.notes:
        context.say(f"Note: {note}")
    if dry_run:
        number = len(planned.open) + bool(applied and planned.settings)
        context.say(
            f"Dry run: {number} request{'' if number == 1 else 's'} would be sent; nothing was "
            "changed."
        )
        return
    if planned.settings and not applied:
        context.say("The tagger's connector needs cluster settings. To set them, run")
        context.say("  lmtx-search bootstrap-index --apply-cluster-settings")
        context.say(json.dumps(planned.settings, indent=2))
    if not planned.open and not (applied and planned.settings):
        ready = "Nothing changed" if planned.settings else "Nothing changed: the cluster is set up"
        context.say(f"{ready}.")


def _result(planned: Plan, dry_run: bool, applied: bool) -> dict[str, object]:
    requests = [step.request for step in planned.open if step.request]
    if applied and planned.settings:
        requests.append(planned.settings_request)
    return {
        "version": planned.cluster.version,
        "dry_run": dry_run,
        "changed": [] if dry_run else [step.what for step in planned.open],
        "there_already": [step.what for step in planned.steps if step.request is None],
        "requests": [{"method": r.method, "path": r.path, "body": r.body} for r in requests],
        "cluster_settings_needed": planned.settings,
        "cluster_settings_applied": bool(applied and planned.settings and not dry_run),
        "notes": planned.notes,
    }
