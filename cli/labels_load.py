"""``lmtx-search labels load``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.confirm import confirm, deletes
from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.settings_flags import given_flags
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
    from lmtx_search.cluster.client.connect import Client
    from lmtx_search.tagging.deployment.label_updates import LoadedLabels

# Labels that are named on the terminal; --json names all.
_NAMED = 20


@click.command("load", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    help="Format of FILE (default: from its name, for .tsv from its content, and JSONL for "
    "standard input; SKOS: .rdf, .xml, .ttl, .nt, .jsonld, .trig, .nq).",
)
@click.option(
    "--language",
    help="Language of the labels to read from a thesaurus (de); or several (de,en): the first one "
    "is that of the tags, and `facets --language` shows the others.",
)
@click.option(
    "--retire-missing",
    is_flag=True,
    help="Retire the labels that FILE does not have, also those of `labels add`.",
)
@deletes
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

    \b
    FILE is one of these:
    - JSONL or CSV (also .gz and .tsv; - is standard input) with the fields
      id and text, and optionally description, synonyms and broader (the ids
      of broader labels); in CSV, synonyms and broader labels are separated by |
    - a thesaurus in SKOS: RDF/XML, Turtle, N-Triples, JSON-LD, TriG or N-Quads
      (needs the extra skos)
    - an Annif vocabulary (.tsv that begins with an address, or CSV with
      --format annif)
    - the label texts of a data set of the Extreme Classification Repository
      (lbl.json.gz, Y.txt or its folder); their row numbers become the ids

    When a file is loaded again, only changed labels are embedded and written. Labels that are no
    longer in FILE stay, unless --retire-missing is given. A deployed tagger assigns the changed
    labels from its next document on; `retag` assigns them to documents that are already indexed.

    \b
    Example:
      lmtx-search labels load labels.jsonl
      lmtx-search labels load thesaurus.rdf --language de
      lmtx-search labels load thesaurus.rdf --language de,en
      lmtx-search labels load new-edition.ttl --retire-missing --dry-run
    """
    from lmtx_search.library import load_labels

    settings = context.settings
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    source = LabelFile(file, format, language, context.progress)
    missing: list[str] = []
    if dry_run or retire_missing:
        notes = check_labels(source, context.progress)
        plan = index.plan(source)
        missing = sorted(plan.missing) if retire_missing else []
        if dry_run:
            _show_plan(context, client, index, plan, source, notes, missing)
            return
        if missing and not yes:
            _agree(context, client, plan, file, missing)
    loaded = load_labels(settings, source, context.progress, retire=missing)
    _show(context, loaded, source, missing)


def _show_plan(
    context: Context,
    client: Client,
    index: LabelIndex,
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
    new_version = _needs_new_version(context, index)
    if new_version:
        total = plan.there + len(plan.created) - len(missing)
        context.say(
            f"All {total:,} labels would be embedded anew, and the alias {names.LABELS} would "
            f"move: {index.require().index} has the embeddings of another encoder, or is of an "
            "earlier release"
        )
    elif new_version is None:
        context.say(
            f"The encoder {context.settings.encoder.name} is not on this machine yet, so it is not "
            "known whether all labels would be embedded anew"
        )
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
            "new_version": new_version,
        }
    )


def _needs_new_version(context: Context, index: LabelIndex) -> bool | None:
    """Return whether a load embeds all labels anew (None: the encoder is not there to tell)."""
    from lmtx_search.encoder.chosen import find_chosen_encoder
    from lmtx_search.encoder.description import describe
    from lmtx_search.encoder.folder import encoder_digest
    from lmtx_search.encoder.passages import passages_digest

    folder = find_chosen_encoder(context.settings)
    if folder is None:
        return None
    tokens, prompt = context.settings.encoder.label_tokens, describe(folder).label_prompt
    digest = passages_digest(encoder_digest(folder), tokens, prompt)
    return not index.require().embeds_as(digest)


def _agree(
    context: Context, client: Client, plan: LoadPlan, file: Path, missing: list[str]
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
    confirm(f"Retire {len(missing):,} of {plan.there:,} labels?", yes=False)


def _show(context: Context, loaded: LoadedLabels, source: LabelFile, missing: list[str]) -> None:
    report = loaded.report
    context.say(
        f"{report.index}: {report.created:,} labels created, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged{f', {report.retired:,} retired' if missing else ''}"
    )
    if report.kept:
        context.say(f"{report.kept:,} labels that are not in {source.path} stay")
    if report.new_version:
        context.say(
            f"The alias {names.LABELS} moved from {report.previous} to {report.index}, which has "
            "the embeddings of the encoder in the settings"
        )
    if loaded.put:
        context.say(
            f"The tagger {loaded.tagger} assigns {loaded.put:,} of these labels from now on"
        )
    if loaded.retired:
        context.say(
            f"The tagger {loaded.tagger} no longer assigns {loaded.retired:,} labels; "
            "documents that have them as tags keep them until `retag`"
        )
    if loaded.waiting and (report.created or report.updated or report.retired):
        context.say(waiting_tagger(context, loaded.waiting))
    context.result(
        {
            "index": report.index,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "kept": report.kept,
            "retired": missing,
            "left_out": source.left_out.counts,
            "notes": list(loaded.notes),
            "new_version": report.new_version,
            "tagger": loaded.tagger or loaded.waiting,
            "tagger_has_them": loaded.tagger is not None,
        }
    )


def _named(client: Client, ids: list[str]) -> list[str]:
    """Return the first labels by text and id, and how many more there are."""
    from lmtx_search.cluster.labels import edits

    found = edits.find(client, names.LABELS, ids[:_NAMED])
    lines = [f"{id_} ({found[id_].text})" for id_ in ids[:_NAMED] if id_ in found]
    more = len(ids) - _NAMED
    return [*lines, f"{more:,} more"] if more > 0 else lines


def waiting_tagger(context: Context, tagger: str) -> str:
    """Say that a tagger inside the cluster has a change of labels only when it is made anew."""
    runs = RunStore(connect(context.settings.opensearch)).of_kinds("deploy")
    seconds = (sum(run["seconds"].values()) for _, run in runs if run.get("version") == tagger)
    last = next(seconds, None)
    took = "" if last is None else f" (the last one took {last:.0f} s)"
    return (
        f"The tagger {tagger} runs inside the cluster and keeps the labels that it was made with. "
        f"To make a new one: `lmtx-search deploy --runtime in-cluster{given_flags(context)}`{took}"
    )
