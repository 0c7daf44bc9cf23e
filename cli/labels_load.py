"""``lmtx-search labels load``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.labels.load_plan import LoadPlan
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.sources import LabelFile
from lmtx_search.sources.label_formats import FORMATS
from lmtx_search.sources.labels import check_labels

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from lmtx_search.tagging.deployment.label_updates import Followed

# Labels that are named on the terminal; --json names all.
_NAMED = 20


@click.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    help="Where the name of FILE does not tell: SKOS is .rdf, .xml, .ttl, .nt, .jsonld, .trig, "
    ".nq; Annif's .tsv.",
)
@click.option("--language", help="Which of a thesaurus's languages: de, en, …")
@click.option(
    "--retire-missing",
    is_flag=True,
    help="Retire the labels that FILE does not have, also those of `labels add`.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Retire without asking, even most of the labels.")
@pass_context
def labels_load(
    context: Context,
    file: Path,
    format: str | None,
    language: str | None,
    retire_missing: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Embed the labels of FILE and write them to the label index.

    FILE is JSONL or CSV (also .gz) with the fields id and text and the optional fields
    description, synonyms and broader (the ids of the labels above; in CSV both are separated by
    |); a thesaurus in SKOS (RDF/XML, Turtle, N-Triples, JSON-LD, TriG, N-Quads; the extra skos); a
    vocabulary of Annif's (TSV, CSV); or the label texts of a data set of the Extreme Classification
    Repository (lbl.json.gz, Y.txt, its folder), whose ids are row numbers. When FILE is loaded
    again, only what changed is embedded and written. Labels that are no longer in FILE stay, unless
    --retire-missing is given. A deployed tagger assigns the changed labels with its next document;
    documents that are indexed already get them with `retag`.

    \b
    Example:
      lmtx-search labels load labels.jsonl
      lmtx-search labels load thesaurus.rdf --language de
      lmtx-search labels load new-edition.ttl --retire-missing --dry-run
    """
    from lmtx_search.tagging.deployment.label_updates import load_labels

    settings = context.settings
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    source = LabelFile(file, format, language, context.progress)
    notes = check_labels(source, context.progress)
    missing: list[str] = []
    if dry_run or retire_missing:
        plan = index.plan(source)
        missing = sorted(plan.missing) if retire_missing else []
        if dry_run:
            _show_plan(context, client, plan, source, notes, missing)
            return
        if missing and not yes:
            _agree(context, client, plan, file, missing)
    followed = load_labels(client, settings, source, context.progress, missing)
    _show(context, followed, source, notes, missing)


def _show_plan(
    context: Context,
    client: OpenSearch,
    plan: LoadPlan,
    source: LabelFile,
    notes: list[str],
    missing: list[str],
) -> None:
    context.say(
        f"Would create {len(plan.created):,} labels, update {len(plan.updated):,}, leave "
        f"{len(plan.unchanged):,} unchanged and retire {len(missing):,}"
    )
    for line in _named(client, missing):
        context.say(f"Would retire {line}")
    if kept := len(plan.missing) - len(missing):
        context.say(f"{kept:,} labels that are not in {source.path} would be kept")
    for note in notes:
        context.say(note)
    context.say("Nothing was changed")
    context.result(
        {
            "dry_run": True,
            "created": len(plan.created),
            "updated": len(plan.updated),
            "unchanged": len(plan.unchanged),
            "kept": kept,
            "retired": missing,
            "left_out": source.left_out.counts,
            "notes": notes,
        }
    )


def _agree(
    context: Context, client: OpenSearch, plan: LoadPlan, file: Path, missing: list[str]
) -> None:
    """Ask whether labels are to be retired.

    Raises:
        UserError: these are most labels, or there is no answer.
        click.Abort: the answer is no.
    """
    if 2 * len(missing) > plan.there:
        raise UserError(
            f"{file} does not have {len(missing):,} of the {plan.there:,} labels that are loaded, "
            "and --retire-missing would retire them: nothing was changed. See which these are with "
            "--dry-run; give --yes if that is right"
        )
    for line in _named(client, missing):
        click.echo(f"To be retired: {line}", err=True)
    try:
        click.confirm(
            f"{len(missing):,} of {plan.there:,} labels are retired. Go on?", abort=True, err=True
        )
    except click.Abort as error:
        # Without a terminal there is nothing to read, and no question to be seen.
        if sys.stdin.isatty():
            raise
        raise UserError(
            f"nothing was changed: {len(missing):,} labels are to be retired, and there was no yes "
            "to it: give --yes"
        ) from error


def _show(
    context: Context, followed: Followed, source: LabelFile, notes: list[str], missing: list[str]
) -> None:
    report = followed.report
    context.say(
        f"{report.index}: {report.created:,} labels created, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged{f', {report.retired:,} retired' if missing else ''}"
    )
    if report.kept:
        context.say(f"{report.kept:,} labels that are not in {source.path} were kept")
    for note in notes:
        context.say(note)
    if report.new_version:
        context.say(
            f"The alias {names.LABELS} moved from {report.previous} to {report.index}: the labels "
            "as the encoder of the settings embeds them"
        )
    if followed.put:
        context.say(f"The tagger {followed.tagger} assigns {followed.put:,} of them from now on")
    if followed.retired:
        context.say(
            f"The tagger {followed.tagger} no longer assigns {followed.retired:,} labels; "
            "documents that have them as tags keep them until `retag`"
        )
    if followed.waiting and (report.created or report.updated or report.retired):
        context.say(waiting_tagger(context, followed.waiting))
    context.result(
        {
            "index": report.index,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "kept": report.kept,
            "retired": missing,
            "left_out": source.left_out.counts,
            "notes": notes,
            "new_version": report.new_version,
            "tagger": followed.tagger or followed.waiting,
            "tagger_has_them": followed.waiting is None,
        }
    )


def _named(client: OpenSearch, ids: list[str]) -> list[str]:
    """Return the first labels by text and id, and how many more there are."""
    from lmtx_search.cluster.labels import edits

    found = edits.find(client, names.LABELS, ids[:_NAMED])
    lines = [f"{id_} ({found[id_].text})" for id_ in ids[:_NAMED] if id_ in found]
    more = len(ids) - _NAMED
    return [*lines, f"{more:,} more"] if more > 0 else lines


def waiting_tagger(context: Context, tagger: str) -> str:
    """Say that a tagger inside the cluster has a change of labels only when it is made anew."""
    runs = RunStore(connect(context.settings.opensearch)).of_kind("deploy")
    seconds = [sum(run["seconds"].values()) for _, run in runs if run.get("version") == tagger]
    took = f" (it took {seconds[-1]:.0f} s to make)" if seconds else ""
    return (
        f"The tagger {tagger} runs inside the cluster and still has the labels it was made with: "
        f"`lmtx-search deploy --runtime in-cluster` makes one with these{took}"
    )
