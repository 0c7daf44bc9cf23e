"""``lmtx-search labels``: load, add, rename, retire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.confirm import confirm, deletes
from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Group
from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.sources import LabelFile
from lmtx_search.sources.label_formats import FORMATS
from lmtx_search.sources.labels import make_label

if TYPE_CHECKING:
    from lmtx_search.tagging.deployment.label_updates import ChooseLabels, LabelEdit


@click.group(cls=Group)
def labels() -> None:
    """Load and change the label set. A deployed tagger uses a change from its next document on.

    \b
    Example:
      lmtx-search labels load labels.jsonl
      lmtx-search labels add q718 chess
    """


@labels.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    help="Format of FILE (default: from its name; SKOS: .rdf, .xml, .ttl, .nt; Annif: .tsv).",
)
@click.option("--language", help="Language of the labels to read from a thesaurus: de, en, …")
@pass_context
def labels_load(context: Context, file: Path, format: str | None, language: str | None) -> None:
    """Embed the labels of FILE and write them to the label index.

    \b
    FILE is one of these:
    - JSONL or CSV (also .gz) with the fields id and text, and optionally
      description, synonyms and broader (the ids of broader labels); in CSV,
      synonyms and broader labels are separated by |
    - a thesaurus in SKOS: RDF/XML, Turtle or N-Triples (needs the extra skos)
    - an Annif vocabulary (TSV or CSV)
    - the label texts of a data set of the Extreme Classification Repository
      (lbl.json.gz, Y.txt or its folder); their row numbers become the ids

    When a file is loaded again, only changed labels are embedded and written. Labels that are no
    longer in FILE stay. A deployed tagger assigns the changed labels from its next document on;
    `retag` assigns them to documents that are already indexed.

    \b
    Example:
      lmtx-search labels load labels.jsonl
      lmtx-search labels load thesaurus.rdf --language de
    """
    from lmtx_search.library import load_labels

    source = LabelFile(file, format, language, context.progress)
    loaded = load_labels(context.settings, source, context.progress)
    report = loaded.report
    context.say(
        f"{report.index}: {report.created:,} labels created, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged"
    )
    if report.kept:
        context.say(f"{report.kept:,} labels that are not in {file} stay")
    if report.new_version:
        context.say(
            f"The alias {names.LABELS} moved from {report.previous} to {report.index}, which has "
            "the embeddings of the encoder in the settings"
        )
    if loaded.put:
        context.say(
            f"The tagger {loaded.tagger} assigns {loaded.put:,} of these labels from now on"
        )
    if loaded.waiting and (report.created or report.updated):
        context.say(_waiting(context, loaded.waiting))
    context.result(
        {
            "index": report.index,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "kept": report.kept,
            "notes": list(loaded.notes),
            "new_version": report.new_version,
            "tagger": loaded.tagger or loaded.waiting,
            "tagger_has_them": loaded.waiting is None,
        }
    )


@labels.command("add")
@click.argument("label_id", metavar="ID")
@click.argument("text")
@click.option("--description", default="", help="What the label means.")
@click.option("--synonym", "synonyms", multiple=True, help="Another name (repeatable).")
@pass_context
def labels_add(
    context: Context, label_id: str, text: str, description: str, synonyms: tuple[str, ...]
) -> None:
    """Add a label. A deployed tagger assigns it from its next document on.

    \b
    Example:
      lmtx-search labels add q718 chess --synonym "chess game"
    """
    fields = {"id": label_id, "text": text, "description": description, "synonyms": list(synonyms)}
    label = make_label(fields, "the label to add")

    def add(there: Mapping[str, Label]) -> Sequence[Label]:
        # The same label again is no mistake: a user repeats the command after a failure.
        if there and there[label.id] != label:
            raise UserError(
                f"there is already a label {label.id} ({there[label.id].text}): give the new label "
                "another id, or change the old one with `labels rename`"
            )
        return [label]

    edit = _edit(context, [label.id], add)
    context.say(f"Added {label.id} ({label.text}) to {edit.index}")
    _tell(context, edit)


@labels.command("rename")
@click.argument("label_id", metavar="ID")
@click.argument("text")
@pass_context
def labels_rename(context: Context, label_id: str, text: str) -> None:
    """Change the text of a label. Its id, description and synonyms stay.

    Documents that are already tagged keep the old name until `retag --label ID`.

    \b
    Example:
      lmtx-search labels rename q718 "board game: chess"
    """

    def rename(there: Mapping[str, Label]) -> Sequence[Label]:
        _require(there, [label_id])
        found = there[label_id]
        new = make_label({"id": label_id, "text": text}, "the new text")
        return [replace(found, text=new.text)]

    edit = _edit(context, [label_id], rename)
    context.say(f"{label_id} is now {edit.put[0].text}")
    _tell(context, edit)


@labels.command("retire")
@click.argument("label_ids", metavar="ID...", nargs=-1, required=True)
@deletes
@pass_context
def labels_retire(context: Context, label_ids: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Delete labels from the label set. They are no longer assigned or shown to the judge.

    Documents that have such a tag keep it until `retag --label ID` removes it.

    \b
    Example:
      lmtx-search labels retire q718 q719 --dry-run
      lmtx-search labels retire q718 q719
    """
    from lmtx_search.cluster.labels import edits

    wanted = list(dict.fromkeys(label_ids))

    def retire(there: Mapping[str, Label]) -> Sequence[Label]:
        _require(there, wanted)
        return [there[id_] for id_ in wanted]

    if dry_run or not yes:
        client = connect(context.settings.opensearch)
        found = retire(edits.find(client, names.LABELS, wanted))
        for label in found:
            context.say(f"Would retire {label.id} ({label.text})")
    if dry_run:
        context.result({"dry_run": True, "retired": wanted})
        return
    confirm(f"Retire {len(wanted)} {'label' if len(wanted) == 1 else 'labels'}?", yes)
    edit = _edit(context, wanted, retire, retiring=True)
    for label in edit.retired:
        context.say(f"Retired {label.id} ({label.text})")
    _tell(context, edit)


def _edit(
    context: Context, ids: Sequence[str], change: ChooseLabels, retiring: bool = False
) -> LabelEdit:
    from lmtx_search.tagging.deployment.label_updates import edit_labels

    settings = context.settings
    return edit_labels(connect(settings.opensearch), settings, ids, change, retiring)


def _require(there: Mapping[str, Label], ids: Sequence[str]) -> None:
    missing = [id_ for id_ in ids if id_ not in there]
    if missing:
        raise UserError(f"there is no label {', '.join(missing)}: nothing was changed")


def _tell(context: Context, edit: LabelEdit) -> None:
    if edit.tagger:
        word = "no longer assigns" if edit.retired else "assigns"
        what = "them" if len(edit.retired) > 1 else "it"
        context.say(f"The tagger {edit.tagger} {word} {what} from its next document on")
    if edit.waiting:
        context.say(_waiting(context, edit.waiting))
    context.result(
        {
            "index": edit.index,
            "put": [label.id for label in edit.put],
            "retired": [label.id for label in edit.retired],
            "tagger": edit.tagger or edit.waiting,
            "tagger_has_it": edit.waiting is None,
        }
    )


def _waiting(context: Context, tagger: str) -> str:
    runs = RunStore(connect(context.settings.opensearch)).of_kind("deploy")
    seconds = [sum(run["seconds"].values()) for _, run in runs if run.get("version") == tagger]
    took = f" (the last one took {seconds[-1]:.0f} s)" if seconds else ""
    return (
        f"The tagger {tagger} runs inside the cluster and keeps the labels that it was made with. "
        f"To make a new one: `lmtx-search deploy --runtime in-cluster`{took}"
    )
