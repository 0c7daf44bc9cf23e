"""The names that labels have and had as tags, read from the tagger versions of this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.tagging.versions.label_changes import change_numbers
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion


@dataclass(slots=True)
class LabelNames:
    """What the tags of some labels are or were called.

    Attributes:
        tags: names of tags, those that were asked for first.
        known: ids and names that a label has or had.
        notes: versions that could not be read, a sentence each.
    """

    tags: dict[str, None]
    known: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def add(self, label: Label, name: str) -> None:
        """Add the names of a label, whose tag is called ``name``.

        The text alone and the name with the id are both added: the name changes if another label
        gets or loses the same text, which a removed version may have seen.
        """
        self.known.add(label.id)
        self.tags |= dict.fromkeys((label.text, name, label.name_with_id))


def find_names(
    versions: TaggerVersions, wanted: Iterable[str], others: Collection[str] = ()
) -> LabelNames:
    """Return the names of labels in all versions.

    Args:
        wanted: ids, or names of tags.
        others: versions of other clusters, whose labels may be others.
    """
    found = LabelNames(dict.fromkeys(wanted))
    asked = frozenset(found.tags)
    for id_, text, name in _all_names(versions, others, found.notes):
        if id_ in asked:
            found.add(Label(id_, text), name)
        found.known.update(asked.intersection((text, name)))
    return found


def names_of_existing(
    versions: TaggerVersions, version: TaggerVersion, others: Collection[str] = ()
) -> tuple[frozenset[str], list[str]]:
    """Return the names that the labels of a version have or had, and notes.

    A name that a retired label had too is left out, unless a label has it now: documents do not say
    which label a tag meant.

    Args:
        others: versions of other clusters, whose labels may be others.
    """
    now = current_names(version)
    existing = frozenset(now.ids)
    earlier: set[str] = set()
    retired: set[str] = set()
    notes: list[str] = []
    for id_, text, name in _all_names(versions, others, notes):
        if id_ in existing:
            earlier.update((text, name, Label(id_, text).name_with_id))
        else:
            retired.add(name)
    return frozenset(now.names) | (earlier - retired), notes


def names_by_label(
    versions: TaggerVersions, labels: LabelRows, others: Collection[str] = ()
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return the names that labels have or had as tags, the current one first, and notes.

    A name that another label has, or had too, is left out unless it is the label's current one:
    documents do not say which label a tag meant.

    Args:
        labels: the labels as they are now.
        others: versions of other clusters, whose labels may be others.

    Returns:
        Names by label id.
    """
    found: dict[str, dict[str, None]] = {
        id_: {name: None} for id_, name in zip(labels.ids, labels.names, strict=True)
    }
    tags: dict[str, set[str]] = {}
    possible: dict[str, set[str]] = {}
    notes: list[str] = []
    for id_, text, name in _all_names(versions, others, notes):
        tags.setdefault(name, set()).add(id_)
        # A version that was removed may have seen a label without the others of the same text.
        for one in (text, Label(id_, text).name_with_id):
            possible.setdefault(one, set()).add(id_)
    tags |= {name: {id_} for id_, name in zip(labels.ids, labels.names, strict=True)}
    for name, ids in (possible | tags).items():
        for id_ in found.keys() & ids if len(ids) == 1 else ():
            found[id_][name] = None
    return {id_: tuple(names) for id_, names in found.items()}, notes


def current_names(version: TaggerVersion) -> LabelRows:
    """Return a version's labels without embeddings, after all changes."""
    rows = _original(version)
    for change in version.changes():
        rows = rows.after(change)
    return rows


def _all_names(
    versions: TaggerVersions, others: Collection[str], notes: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield id, text and name of the labels of all versions; note which cannot be read."""
    seen: set[str] = set()
    for name in versions.finished():
        if name in others:
            continue
        try:
            version = versions.get(name)
            digest = version.manifest.labels_digest
            if digest in seen and not change_numbers(version.folder):
                continue
            yield from _names(version)
            seen.add(digest)
        except (UserError, OSError, ValueError, TypeError) as error:
            notes.append(f"Names of labels in the tagger version {name} are not known: {error}")


def _names(version: TaggerVersion) -> Iterator[tuple[str, str, str]]:
    """Yield id, text and name of a version's labels: as it was made, as changed, and now."""
    for rows in (_original(version), current_names(version)):
        yield from zip(rows.ids, rows.texts, rows.names, strict=True)
    # What a change put may have changed again; its other names differ by the id only.
    for change in version.changes():
        yield from ((label.id, label.text, label.text) for label in change.puts)


def _original(version: TaggerVersion) -> LabelRows:
    """Return a version's labels without embeddings, as it was made."""
    return version.original_rows(np.empty((version.manifest.labels, 0), dtype=np.float32))
