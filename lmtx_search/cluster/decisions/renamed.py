"""Lets people's decisions follow a label whose tag has another name now.

A document holds decisions as names of tags. The name of a label's tag changes if the label is
renamed, and if another label gets the same text or loses it, because the tag then has the label's
id too. Without this, the pipeline would no longer recognise what people rejected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.decisions import records
from lmtx_search.cluster.decisions.moved import ByPlace, is_there, where_now
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.records import Renamed
from lmtx_search.cluster.decisions.values import Decision, renamed
from lmtx_search.cluster.decisions.write import Unsure, change, read_places
from lmtx_search.cluster.facets.tag_labels import tag_names
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.ml.pipeline import tag_fields, untouched_documents
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress

# Documents that are changed at a time. As many can be read by their ids.
_BATCH = 500


@dataclass(slots=True)
class _Followed:
    """What was done.

    Attributes:
        tags: new name of a label's tag by its earlier name.
        documents: number of documents that were changed.
        problems: what stays as it is, and why, a sentence each.
        lost: number of decisions by index, for documents of indices that are gone.
        deleted: the same for documents that are no longer in their index, which is still there.
    """

    tags: dict[str, str] = field(default_factory=dict)
    documents: int = 0
    problems: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """Return what to tell the user, a sentence each."""
        problems = [*self.problems]
        if self.lost:
            gone = "the index {} is gone" if len(self.lost) == 1 else "the indices {} are gone"
            problems.append(_without_documents(self.lost, gone))
        if self.deleted:
            problems.append(_without_documents(self.deleted, "the documents are no longer in {}"))
        if not self.documents:
            return problems
        first, new = next(iter(self.tags.items()))
        more = f" and {len(self.tags) - 1:,} more" if len(self.tags) > 1 else ""
        return [
            f"People's decisions follow the labels' new names in {self.documents:,} documents "
            f"({first} is now {new}{more})",
            *problems,
        ]


def _without_documents(decisions: Counter[str], why: str) -> str:
    number = decisions.total()
    kept = (
        "1 decision of a person keeps the earlier name of its tag"
        if number == 1
        else f"{number:,} decisions of people keep the earlier names of tags"
    )
    return (
        f"{kept}: {why.format(', '.join(decisions))}, and no attached index has the documents. "
        "If another one has them, `lmtx-search attach` it; `lmtx-search retag` then tries again"
    )


def follow_names(client: OpenSearch, progress: Progress = SILENT) -> list[str]:
    """Rename the tags that people accepted or rejected, where a label's tag has another name now.

    Only values that a recorded decision wrote are changed: a name that somebody else wrote into a
    field stays. Documents that are never touched stay too. Calling it again continues what was
    interrupted. What fails is a note and no error: the change of the names is already in use.

    Returns:
        What the user should know, a sentence each. ``progress`` gets the same notes.
    """
    found = _Followed()
    try:
        _follow(client, found)
    except Exception as error:
        known = error if isinstance(error, LmtxError) else translate(error)
        if known is None:
            raise
        found.problems.append(
            f"people's decisions may keep the earlier names of tags ({known}): `lmtx-search retag` "
            "tries again"
        )
    notes = found.notes()
    for note in notes:
        progress.note(note)
    return notes


def _follow(client: OpenSearch, found: _Followed) -> None:
    if not client.indices.exists(index=names.DECISIONS):
        return
    by_index: dict[str, dict[Place, list[Renamed]]] = {}
    for label, tag, new in _changed(client):
        found.tags.setdefault(tag, new)
        for id_, record in records.on_label(client, label, tag).items():
            of_index = by_index.setdefault(record.place.index, {})
            of_index.setdefault(record.place, []).append(Renamed(id_, record, new))
    for index, by_place in by_index.items():
        for start in range(0, len(by_place), _BATCH):
            some = dict(islice(by_place.items(), start, start + _BATCH))
            try:
                _rename_everywhere(client, index, some, found)
            except LmtxError as error:
                found.problems.append(
                    f"people's decisions in {index} keep the earlier names of tags ({error}): "
                    "`lmtx-search retag` tries again"
                )
                break


def _changed(client: OpenSearch) -> list[tuple[str, str, str]]:
    """Return (label id, tag of decisions, tag now) of labels whose tags have other names now."""
    pairs = records.labels_and_tags(client)
    labels = edits.find(client, names.LABELS, sorted({label for label, _ in pairs}))
    now = tag_names(client, list(labels.values()))
    return [(label, tag, now[label]) for label, tag in pairs if label in now and now[label] != tag]


def _rename_everywhere(client: OpenSearch, index: str, by_place: ByPlace, found: _Followed) -> None:
    """Rename tags in the documents of an index, and in the copies of these in other indices.

    A record gets the new name only when no document with the earlier one is left: it is found by
    its name the next time.
    """
    reached: set[str] = set()
    kept: set[str] = set()
    for there, some, without in where_now(client, index, by_place, tag_fields(client)):
        kept |= _rename(client, there, some, found)
        reached.update(one.id for decisions in some.values() for one in decisions)
        # Nothing is left to change in a document that lost the tag, only the record.
        reached.update(one.id for one in without)
    every = {one.id: one for decisions in by_place.values() for one in decisions}
    records.rename(client, [one for id_, one in every.items() if id_ in reached - kept])
    if lost := len(every.keys() - reached):
        (found.deleted if is_there(client, index) else found.lost)[index] += lost


def _rename(client: OpenSearch, index: str, by_place: ByPlace, found: _Followed) -> set[str]:
    """Rename tags in documents of an index; return the records of documents that stay as they are.

    These are documents that are never touched, and those that could not be written.
    """
    fields, untouched = tag_fields(client), untouched_documents(client)
    stored = read_places(client, index, by_place)
    written: set[Place] = set()
    left: set[Place] = set()

    def changes(place: Place, source: Mapping[str, Any]) -> Mapping[str, Any]:
        written.discard(place)
        if untouched is not None and untouched.matches(source):
            left.add(place)
            return {}
        # Together, because two labels may have exchanged their names.
        new: dict[Decision, dict[str, str]] = {"accept": {}, "reject": {}}
        for one in by_place[place]:
            new[one.record.decision].setdefault(one.record.tag, one.tag)
        changed = renamed(source, new, fields)
        if changed:
            written.add(place)
        return changed

    failed = change(client, stored, changes)
    found.documents += len(written - failed.keys())
    for reason, number in Counter(failed.values()).items():
        first = next(place.id for place, why in failed.items() if why == reason)
        stay = "may stay" if isinstance(reason, Unsure) else "stay"
        found.problems.append(
            f"the earlier names of tags {stay} in {number:,} documents of {index}, for instance "
            f"{first}: {reason}"
        )
    return {one.id for place in failed.keys() | left for one in by_place[place]}
