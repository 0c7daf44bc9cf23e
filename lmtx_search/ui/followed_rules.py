"""Follows the rules of a document's tagger after a decision, without tagging the document again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lmtx_search.cluster.decisions.values import (
    Also,
    Before,
    Decision,
    items_of,
    name_of,
    replaced,
    undone,
)
from lmtx_search.hierarchy import ancestors
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.scoring.facts import ABOVE, IMPLIES, MOST_SUGGESTED, MOST_TAGS
from lmtx_search.tagging.scoring.settle import OF_MANUAL, Facts, best_first, settle, sums_above
from lmtx_search.ui.tagger_rules import VersionRules

Items = Mapping[str, Mapping[str, Any]]
"""Scores as they are stored, by tag."""


def gone_names(also: Also) -> list[str]:
    """Return the names that rules removed from tags and suggestions, and put into neither."""
    left, entered = also.get("left", {}), also.get("entered", {})
    parts = ("tags", "suggested")
    stay = {name for part in parts for name in entered.get(part, ())}
    names = (str(was["item"]) for part in parts for was in left.get(part, ()))
    return [name for name in dict.fromkeys(names) if name not in stay]


def added_names(also: Also) -> list[str]:
    """Return the names that rules put into tags or suggestions, and that were in neither."""
    left, entered = also.get("left", {}), also.get("entered", {})
    parts = ("tags", "suggested")
    before = {str(was["item"]) for part in parts for was in left.get(part, ())}
    names = (name for part in parts for name in entered.get(part, ()))
    return [name for name in dict.fromkeys(names) if name not in before]


def taken_back(
    source: Mapping[str, Any],
    tag: str,
    decision: Decision,
    before: Before,
    rules: VersionRules | None,
    fields: TagFields,
) -> tuple[dict[str, Any], Also]:
    """Return the fields that undoing a decision changes, and what the rules changed of that.

    Other decisions that were made since then count: what they exclude does not return, and what
    they imply stays.

    Args:
        before: what was replaced, see :func:`~lmtx_search.cluster.decisions.values.undone`.
        rules: of the version that tagged the document (None: it has none, or they are not known).
    """
    changed = undone(source, tag, decision, before, fields)
    if rules is None:
        return changed, {}
    now = {**source, **changed}
    more, also = followed(now, now, rules, fields)
    undecided = {**now, fields.manual: [], fields.rejected: []}
    if followed(undecided, undecided, rules, fields)[0] == more:
        return changed, {}  # no decision has a part in it, so the document is put back as it was
    return {**changed, **more}, also


def followed(
    source: Mapping[str, Any],
    earlier: Mapping[str, Any],
    rules: VersionRules,
    fields: TagFields,
) -> tuple[dict[str, Any], Also]:
    """Return the fields of a document that the rules change, and what leaves and enters them.

    Labels that rules kept away before are not known. They come when the document is tagged again.

    Args:
        source: the document after a decision, or after one was undone.
        earlier: the document that has the scores of all labels that brought others: the one before
            a decision, or the one after it was undone.
        rules: of the version that tagged it.
    """
    scored = {part: _by_tag(source, part, fields) for part in ("scores", "suggestion_scores")}
    tags, suggested = scored["scores"], scored["suggestion_scores"]
    rejected, manual = fields.people_decided(source)
    groups = rules.groups_of(source)
    facts = rules.facts({*tags, *suggested, *manual})
    limits = {
        **facts.limits,
        MOST_TAGS: max(facts.limits[MOST_TAGS], len(tags)),
        MOST_SUGGESTED: max(facts.limits.get(MOST_SUGGESTED, 0), len(suggested)),
    }
    found = settle(
        _own(tags, _by_tag(earlier, "scores", fields), facts),
        _own(suggested, _by_tag(earlier, "suggestion_scores", fields), facts),
        replace(facts, limits=limits),
        rejected,
        manual,
        groups,
    )
    entries: dict[str, Mapping[str, Any]] = {**suggested, **tags}
    entries |= {name: {**entries[by], "tag": name} for name, by in found.implied_by.items()}
    entries |= {name: {"tag": name, "score": OF_MANUAL} for name in found.implied_by_manual}
    lists: dict[str, list[Any]] = {}
    for names, scores, before, now in (
        ("tags", "scores", tags, found.tags),
        ("suggested", "suggestion_scores", suggested, found.suggested),
    ):
        # The label that implied a tag may be gone, and the tag then has the score of another one.
        implied = found.implied_by.keys() | found.implied_by_manual.keys()
        changing = {name for name in implied & before.keys() if before[name] != entries[name]}
        leaving = (before.keys() - now.keys()) | changing
        entering = [name for name in now if name not in before or name in changing]
        for part, new in (
            (names, {name: name for name in entering}),
            (scores, {name: dict(entries[name]) for name in entering}),
        ):
            lists[part] = _with(items_of(source, part, fields), leaving, new, now)
    if above := facts.pairs.get(ABOVE, {}):
        sums = sums_above(found.tags, facts, manual, groups)
        wanted = best_first(
            {n: s for n, s in sums.items() if n not in rejected | found.tags.keys()}
        )
        before_above = {one for name in tags for one in ancestors(above, name)}
        new_above = {
            one for name in found.tags if name not in tags for one in ancestors(above, name)
        }
        there = items_of(source, "broader", fields)
        lists["broader"] = _with(
            there,
            (before_above | found.tags.keys()) - dict(wanted).keys(),
            {name: name for name, _ in wanted if name in new_above and name not in there},
            sums,
        )
    return replaced(source, lists, fields)


def _with(
    items: Sequence[Any],
    leaving: Collection[str],
    entering: Mapping[str, Any],
    scores: Mapping[str, float],
) -> list[Any]:
    """Return items without some names, and with new ones before those that score less."""
    found = [item for item in items if name_of(item) not in leaving]
    for name, new in entering.items():
        places = range(len(found))
        lower = (at for at in places if scores.get(name_of(found[at]), 2.0) < scores[name])
        found.insert(next(lower, len(found)), new)
    return found


def _by_tag(source: Mapping[str, Any], part: str, fields: TagFields) -> dict[str, Any]:
    items = items_of(source, part, fields)
    return {name_of(item): item for item in items if isinstance(item, Mapping)}


def _own(items: Items, earlier: Items, facts: Facts) -> dict[str, float]:
    """Return the scores of labels without those that only other labels brought.

    These have the score and the probability of such a label.

    Args:
        earlier: the items before the decision.
    """
    by = {
        name: [first for first, others in facts.pairs.get(IMPLIES, {}).items() if name in others]
        for name in items
    }

    def is_brought(name: str) -> bool:
        own = {**items[name], "tag": None}
        if by[name] and own == {"tag": None, "score": OF_MANUAL}:
            return True
        return any(one in earlier and {**earlier[one], "tag": None} == own for one in by[name])

    return {name: item.get("score", 0.0) for name, item in items.items() if not is_brought(name)}
