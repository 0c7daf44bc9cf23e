"""What a decision changes in the tag fields of one document. Nothing is read or written here."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from lmtx_search.tag_fields import TagFields, as_scores, scores_of

Decision = Literal["accept", "reject"]
Before = Mapping[str, Any]
"""Where a name was before a decision: what :func:`undone` puts back. A JSON object."""
Also = dict[str, Any]
"""What rules changed with the decision: ``left`` and ``entered``, further parts of Before."""

# By attribute of TagFields. The scores are lists of objects, the others lists of names.
_MACHINE = ("tags", "scores", "broader", "suggested", "suggestion_scores")
_PEOPLE = ("manual", "rejected")
_LEAVES: dict[Decision, tuple[str, ...]] = {
    "accept": ("suggested", "suggestion_scores", "rejected"),
    "reject": (*_MACHINE, "manual"),
}
_ENTERS: dict[Decision, str] = {"accept": "manual", "reject": "rejected"}


def decision_on(source: Mapping[str, Any], tag: str, fields: TagFields) -> Decision | None:
    """Return what people decided on a tag of a document; None: nothing."""
    if tag in names_in(source, fields.rejected):
        return "reject"
    return "accept" if tag in names_in(source, fields.manual) else None


def decided(
    source: Mapping[str, Any],
    tag: str,
    decision: Decision,
    fields: TagFields,
    above: Mapping[str, Collection[str]] | None = None,
) -> tuple[dict[str, Any], Before]:
    """Return the fields that a decision changes, with their new values, and what it replaces.

    An accepted tag goes to the manual tags and is no longer a suggestion. If the tagger has
    applied it, it also stays a tag. A rejected one leaves every field of the tagger and the manual
    tags, and so do the labels above it that are above no other tag of the document.

    Args:
        above: the tags of the labels above tags, by tag. If it lacks a tag of the document, labels
            above the rejected one stay.
    """
    changed: dict[str, Any] = {}
    alone = _only_above(source, tag, fields, above or {}) if decision == "reject" else frozenset()
    for part in _LEAVES[decision]:
        leaving = {tag, *alone} if part == "broader" else {tag}
        items = items_of(source, part, fields)
        left = [item for item in items if name_of(item) not in leaving]
        if len(left) < len(items):
            changed[getattr(fields, part)] = left
    entered = getattr(fields, _ENTERS[decision])
    if tag not in names_in(source, entered):
        changed[entered] = [*_listed(source.get(entered)), tag]
    return changed, _before(source, tag, fields, alone)


def undone(
    source: Mapping[str, Any], tag: str, decision: Decision, before: Before, fields: TagFields
) -> dict[str, Any]:
    """Return the fields that undoing a decision changes, with their new values.

    The tag leaves the field that the decision entered, also if it was there before without one.
    If the document was tagged again since then, only people's fields are put back: the tagger's
    own are newer than the decision. The same holds for what rules changed with it.
    """
    places = {part: one for part, one in before["places"].items() if part != _ENTERS[decision]}
    return restored(source, tag, {**before, "places": places}, fields)


def restored(
    source: Mapping[str, Any], tag: str, before: Before, fields: TagFields
) -> dict[str, Any]:
    """Return the fields that change if a tag returns to where it was, with their new values.

    Unlike :func:`undone`, this leaves a tag in the field that the decision enters if it was there
    before. If the document was tagged again since then, only people's fields are put back.
    """
    same_tagging = tagged_at(source, fields) == before["tagged_at"]
    rejected, manual = names_in(source, fields.rejected), names_in(source, fields.manual)
    changed: dict[str, Any] = {}
    for part in (*_PEOPLE, *(_MACHINE if same_tagging else ())):
        items = items_of(source, part, fields)
        entered = {tag, *before.get("entered", {}).get(part, ())}
        left = [item for item in items if name_of(item) not in entered]
        # What a rule removed returns, unless somebody has decided on it since.
        there = {name_of(item) for item in left}.union(rejected)
        if part in ("suggested", "suggestion_scores"):
            there.update(manual)
        for was in before.get("left", {}).get(part, ()):
            if name_of(was["item"]) not in there:
                left.insert(was["at"], was["item"])
        gone = [before["places"][part]] if part in before["places"] else []
        if part == "broader":
            gone += [one for one in before.get("above", ()) if one["item"] not in left]
        for was in sorted(gone, key=lambda one: one["at"]):
            left.insert(was["at"], was["item"])
        if left != items:
            changed[getattr(fields, part)] = left
    return changed


def replaced(
    source: Mapping[str, Any], lists: Mapping[str, Sequence[Any]], fields: TagFields
) -> tuple[dict[str, Any], Also]:
    """Return the fields that get other lists, and what :func:`undone` needs to know of it.

    Args:
        lists: by attribute of TagFields.
    """
    changed: dict[str, Any] = {}
    left: dict[str, list[dict[str, Any]]] = {}
    entered: dict[str, list[str]] = {}
    for part, now in lists.items():
        before = items_of(source, part, fields)
        if list(now) == before:
            continue
        changed[getattr(fields, part)] = list(now)
        old, new = ([json.dumps(one, sort_keys=True) for one in items] for items in (before, now))
        left[part], entered[part] = [], []
        # An item that has moved or has another score leaves and enters.
        for change, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if change != "equal":
                left[part] += [{"at": at, "item": before[at]} for at in range(i, j)]
                entered[part] += [name_of(one) for one in now[k:m]]
    return changed, {"left": left, "entered": entered} if changed else {}


def renamed(
    source: Mapping[str, Any], new: Mapping[Decision, Mapping[str, str]], fields: TagFields
) -> dict[str, Any]:
    """Return people's fields that hold some tags, with the tags' new names, each once.

    If it was done before, nothing changes, also where a new name is the earlier one of another tag.

    Args:
        new: the new names of accepted and of rejected tags.
    """
    changed: dict[str, Any] = {}
    for decision, tags in new.items():
        field = getattr(fields, _ENTERS[decision])
        items = entered_names(source, decision, fields)
        gone = tags.keys() - tags.values()
        done = gone.isdisjoint(items) and set(tags.values()).issubset(items)
        if not done and not tags.keys().isdisjoint(items):
            changed[field] = list(dict.fromkeys(tags.get(one, one) for one in items))
    return changed


def renamed_before(before: Before, new: Mapping[str, str]) -> Before:
    """Return what undoing a decision puts back, with new names in people's fields."""
    places = {
        part: {**one, "item": new.get(one["item"], one["item"])} if part in _PEOPLE else one
        for part, one in before.get("places", {}).items()
    }
    return {**before, "places": places} if places else before


def entered_names(source: Mapping[str, Any], decision: Decision, fields: TagFields) -> list[str]:
    """Return the names in the field into which a decision puts a tag."""
    return names_in(source, getattr(fields, _ENTERS[decision]))


def names_in(source: Mapping[str, Any], field: str) -> list[str]:
    """Return the names in a field that holds one, several or none."""
    return [str(one) for one in _listed(source.get(field))]


def tagged_at(source: Mapping[str, Any], fields: TagFields) -> str | None:
    """Return the time of a document's last tagging (ISO)."""
    tagging = source.get(fields.tagging)
    return tagging.get("at") if isinstance(tagging, Mapping) else None


def _only_above(
    source: Mapping[str, Any], tag: str, fields: TagFields, above: Mapping[str, Collection[str]]
) -> frozenset[str]:
    """Return the tags of the labels above a tag that are above no other tag of a document."""
    tags = names_in(source, fields.tags)
    if tag not in tags or any(one not in above for one in tags):
        return frozenset()
    others = {name for one in tags if one != tag for name in above[one]}
    return frozenset(above[tag]) - others


def _before(
    source: Mapping[str, Any], tag: str, fields: TagFields, alone: Collection[str]
) -> Before:
    places = {}
    for part in (*_PEOPLE, *_MACHINE):
        for at, item in enumerate(items_of(source, part, fields)):
            if name_of(item) == tag:
                places[part] = {"at": at, "item": item}
                break
    broader = enumerate(items_of(source, "broader", fields))
    left = [{"at": at, "item": item} for at, item in broader if item in alone and item != tag]
    before = {"tagged_at": tagged_at(source, fields), "places": places}
    return {**before, "above": left} if left else before


def items_of(source: Mapping[str, Any], part: str, fields: TagFields) -> list[Any]:
    """Return the items of a field: names, or objects with the key ``tag``.

    Args:
        part: the field, as an attribute of TagFields.
    """
    value = source.get(getattr(fields, part))
    if isinstance(value, Mapping):
        return as_scores(scores_of(value))  # a map of scores, as earlier releases wrote it
    return _listed(value)


def _listed(value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if one is not None]


def name_of(item: Any) -> str:
    """Return the name of an item."""
    return str(item.get("tag") if isinstance(item, Mapping) else item)
