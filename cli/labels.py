"""``lmtx-search labels``: add, rename, retire; ``load`` has a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.confirm import confirm, deletes
from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Group
from lmtx_search.cli.labels_gaps import labels_gaps
from lmtx_search.cli.labels_load import labels_load, waiting_tagger
from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.connect import connect
from lmtx_search.errors import UserError
from lmtx_search.records import Label
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


labels.add_command(labels_load)
labels.add_command(labels_gaps)


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

    Documents that are already tagged keep the old name until `retag --label ID`, on the machine
    that deployed the tagger (elsewhere: `retag --label OLD_NAME`).

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

    Documents that have such a tag keep it until `retag --label ID` removes it, on the machine that
    deployed the tagger (elsewhere: `retag --label NAME`).

    \b
    Example:
      lmtx-search labels retire q718 q719 --dry-run
      lmtx-search labels retire q718 q719
    """
    from lmtx_search.cli.terminal import print_note
    from lmtx_search.cluster.facets.roll_up import cut_off
    from lmtx_search.cluster.labels import edits

    wanted = list(dict.fromkeys(label_ids))

    def retire(there: Mapping[str, Label]) -> Sequence[Label]:
        _require(there, wanted)
        return [there[id_] for id_ in wanted]

    client = connect(context.settings.opensearch)
    found = retire(edits.find(client, names.LABELS, wanted))
    if dry_run or not yes:
        for label in found:
            if dry_run:
                context.say(f"Would retire {label.id} ({label.text})")
            else:
                print_note(f"To be retired: {label.id} ({label.text})")
    if lost := cut_off(client, found):
        what = "label loses labels above it" if lost == 1 else "labels lose labels above them"
        context.progress.note(
            f"{lost:,} other {what}, because a retired one is in between: give other broader "
            "labels with `lmtx-search labels load FILE`"
        )
    if dry_run:
        context.result({"dry_run": True, "retired": wanted, "cut_off": lost})
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
        context.say(waiting_tagger(context, edit.waiting))
    for note in edit.notes:
        context.say(note)
    context.result(
        {
            "index": edit.index,
            "put": [label.id for label in edit.put],
            "retired": [label.id for label in edit.retired],
            "tagger": edit.tagger or edit.waiting,
            "tagger_has_it": edit.tagger is not None,
            "notes": list(edit.notes),
        }
    )
