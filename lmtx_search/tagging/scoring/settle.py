"""Chooses the tags and the suggestions of a document by the rules.

``index_templates/pipelines/settle.painless`` does the same inside the cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from lmtx_search.hierarchy import ancestors
from lmtx_search.tagging.scoring.facts import (
    ABOVE,
    BELOW,
    EXCLUDES,
    IMPLIES,
    MOST_OF_BRANCH,
    MOST_SUGGESTED,
    MOST_TAGS,
    OF_GROUP,
    PEOPLE_ONLY,
    REVIEW_FIRST,
    RULE,
)

Scores = dict[str, float]

OF_MANUAL = 1.0
"""The score of a label that only a manual tag implies. It has no probability."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a tagger said about its rules.

    Attributes:
        limits: by kind.
        people_only: names of labels.
        pairs: of each kind, first name → second names. Labels that exclude each other are in both
            orders; ``ABOVE`` and ``BELOW`` start with the lower label, ``OF_GROUP`` with the label.
    """

    limits: Mapping[str, float]
    people_only: frozenset[str]
    pairs: Mapping[str, Mapping[str, list[str]]]

    @classmethod
    def of(cls, facts: Mapping[str, float]) -> Facts:
        """Read facts: names (without the first RULE) and numbers."""
        limits: dict[str, float] = {}
        people: set[str] = set()
        pairs: dict[str, dict[str, list[str]]] = {}
        for name, number in facts.items():
            kind = name[:1]
            first, _, second = name[1:].partition(RULE)
            if kind in (MOST_TAGS, MOST_SUGGESTED, MOST_OF_BRANCH, REVIEW_FIRST):
                limits[kind] = number
            elif kind == PEOPLE_ONLY:
                people.add(first)
            else:
                of_kind = pairs.setdefault(kind, {})
                if kind in (EXCLUDES, IMPLIES):
                    of_kind.setdefault(first, []).append(second)
                if kind != IMPLIES:
                    of_kind.setdefault(second, []).append(first)
        return cls(limits, frozenset(people), pairs)

    @property
    def are_rules(self) -> bool:
        """Whether there are rules: a tagger without any tells about broader labels only."""
        return MOST_TAGS in self.limits

    def related(self, kind: str, name: str) -> list[str]:
        """Return the names that a label is paired with."""
        return self.pairs.get(kind, {}).get(name, [])


@dataclass(slots=True)
class Settled:
    """The result, best first, by name.

    Attributes:
        implied_by: tags that only another tag brings → that tag.
        implied_by_manual: tags, or suggestions, that only a manual tag brings → that tag.
        why: labels that a rule kept from being a tag → the rule, in words.
    """

    tags: Scores = field(default_factory=dict)
    suggested: Scores = field(default_factory=dict)
    implied_by: dict[str, str] = field(default_factory=dict)
    implied_by_manual: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


def settle(
    tags: Mapping[str, float],
    suggested: Mapping[str, float],
    facts: Facts,
    rejected: frozenset[str] = frozenset(),
    manual: frozenset[str] = frozenset(),
    groups: frozenset[str] = frozenset(),
) -> Settled:
    """Choose among the labels that score enough.

    Args:
        tags: scores of labels that score enough for a tag.
        suggested: scores of those that score enough for a suggestion only.
        rejected: labels that people rejected: they neither become tags nor exclude or imply others.
        manual: people's own tags. They exclude and imply others, count in their branches, and are
            not suggested.
        groups: of the document: labels that are for other groups are not chosen.
    """
    found = Settled()
    offered = dict(suggested)
    in_branch = Counter(branch for name in manual for branch in facts.related(BELOW, name))
    for name, score in best_first(tags):
        if name in rejected or _is_elsewhere(facts, name, groups, found.why):
            continue
        if excluder := _excluder(facts, name, [*found.tags, *sorted(manual)]):
            found.why[name] = _excluded_by(excluder, found.tags)
            continue
        if len(found.tags) >= facts.limits[MOST_TAGS]:
            offered[name] = score
            continue
        branches = [] if name in manual else facts.related(BELOW, name)  # it is counted already
        if why := _limit(facts, name, branches, in_branch):
            found.why[name] = why
            offered[name] = score
            continue
        found.tags[name] = score
        in_branch.update(branches)
    for name, score in list(found.tags.items()):
        for implied in facts.related(IMPLIES, name):
            if implied not in found.tags and implied not in rejected:
                found.tags[implied] = score
                found.implied_by[implied] = name
                found.why.pop(implied, None)
    present = [*found.tags, *manual]
    for name, by in _implied_by(manual, facts, rejected.union(present)):
        if _is_elsewhere(facts, name, groups, {}) or _excluder(facts, name, present):
            continue
        (offered if REVIEW_FIRST in facts.limits else found.tags)[name] = OF_MANUAL
        found.implied_by_manual[name] = by
        found.why.pop(name, None)
    most = int(facts.limits.get(MOST_SUGGESTED, 0))
    for name, score in best_first(offered):
        if name in found.tags or name in rejected or name in manual:
            continue
        if _is_elsewhere(facts, name, groups, found.why):
            continue
        if excluder := _excluder(facts, name, [*found.tags, *sorted(manual)]):
            found.why[name] = _excluded_by(excluder, found.tags)
        elif len(found.suggested) < most:
            found.suggested[name] = score
            if name in facts.people_only:
                found.why[name] = _PEOPLE_ONLY
    found.tags = dict(best_first(found.tags))
    return found


def sums_above(
    tags: Mapping[str, float],
    facts: Facts,
    manual: frozenset[str] = frozenset(),
    groups: frozenset[str] = frozenset(),
) -> Scores:
    """Return for each label above tags the sum of the scores of the tags below it.

    Labels that are for other groups are left out, and so are those that a tag or a manual tag
    excludes. The labels above these are not.
    """
    found: Scores = {}
    for name, score in tags.items():
        for above in ancestors(facts.pairs.get(ABOVE, {}), name):
            found[above] = round(found.get(above, 0.0) + score, 4)
    present = [*tags, *manual]
    return {
        name: total
        for name, total in found.items()
        if not _is_elsewhere(facts, name, groups, {}) and not _excluder(facts, name, present)
    }


def _implied_by(
    manual: Iterable[str], facts: Facts, without: AbstractSet[str]
) -> Iterator[tuple[str, str]]:
    """Yield the labels that manual tags imply, each once, with one that implies it."""
    found = set(without)
    for by in sorted(manual):
        for name in facts.related(IMPLIES, by):
            if name not in found:
                found.add(name)
                yield name, by


_PEOPLE_ONLY = "for people only"


def _is_elsewhere(facts: Facts, name: str, groups: frozenset[str], why: dict[str, str]) -> bool:
    own = facts.related(OF_GROUP, name)
    if not own or not groups.isdisjoint(own):
        return False
    why[name] = f"only for documents of the group {own[0]}"
    return True


def _excluder(facts: Facts, name: str, present: Iterable[str]) -> str | None:
    excluding = facts.related(EXCLUDES, name)
    return next((one for one in present if one in excluding), None)


def _excluded_by(excluder: str, tags: Mapping[str, float]) -> str:
    return f"excluded by {excluder}" + ("" if excluder in tags else " (a manual tag)")


def _limit(
    facts: Facts, name: str, branches: Iterable[str], in_branch: Mapping[str, int]
) -> str | None:
    """Return the rule by which a label is no tag although it scores enough."""
    if name in facts.people_only:
        return _PEOPLE_ONLY
    of_branch = int(facts.limits.get(MOST_OF_BRANCH, facts.limits[MOST_TAGS]))
    for branch in branches:
        if in_branch.get(branch, 0) >= of_branch:
            return f"limit of the branch {branch}: {of_branch} {_tags(of_branch)}"
    return None


def _tags(number: int) -> str:
    return "tag" if number == 1 else "tags"


def best_first(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return names and scores. Java compares names by their UTF-16 units."""
    return sorted(scores.items(), key=lambda one: (-one[1], one[0].encode("utf-16-be")))
