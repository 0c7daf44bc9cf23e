"""What a tagger says about its rules beside the scores, so that they can be followed anywhere.

Only the pipeline knows what people decided about a document, and which group it belongs to. It
therefore follows the rules (``settle.py``, and the same in ``settle.painless``). The tagger sends
it more labels than a document may have, and the facts about them: numbers by name, with a mark.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from lmtx_search.rules import Rules
from lmtx_search.tagging.scoring.broader import BroaderFacts, left_to_people
from lmtx_search.tagging.scoring.facts import (
    BELOW,
    EXCLUDES,
    IMPLIES,
    MOST_OF_BRANCH,
    MOST_SUGGESTED,
    MOST_TAGS,
    OF_GROUP,
    PEOPLE_ONLY,
    REVIEW_FIRST,
    fact,
)
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import Manifest

_Subject = tuple[bool, str]
"""Whether it is all labels directly below a label, and the id of the label."""


@dataclass(frozen=True)
class RuleFacts:
    """The facts about labels.

    A fact is about one or two *subjects*: a label, or all labels directly below the same one. It is
    told if a document may get one of the labels of a subject. A manual tag may be any label, so
    what manual tags imply is always told.

    Attributes:
        labels: the labels that they are about.
        always: facts that are told about all documents, with their numbers.
        names: the other facts.
        subjects: int64[names, 2], those of each.
        members: int64[m, 2], a row of ``labels`` and a subject to which its label belongs. Where
            broader labels are tagged, a label belongs to the subjects of all labels above it too.
    """

    labels: LabelRows
    always: Mapping[str, float]
    names: Sequence[str]
    subjects: NDArray[np.int64]
    members: NDArray[np.int64]

    @classmethod
    def of(cls, rules: Rules, labels: LabelRows, manifest: Manifest) -> RuleFacts:
        """Return the facts for labels. Rules about labels that no longer exist have no effect."""
        name = dict(zip(labels.ids, labels.names, strict=True))
        people = left_to_people(manifest, rules)
        tree = BroaderFacts(labels, people) if manifest.broader_tags else None
        implied = [
            (label, other)
            for label, others in rules.implied().items()
            for other in others
            if label in name and other in name and other not in people
        ]
        always = _limits(rules, manifest)
        certain: set[str] = set()
        for label, other in implied:
            always[fact(IMPLIES, name[label], name[other])] = 1.0
            certain.add(other)
            if tree is not None:
                certain.update(tree.above(other))
                always |= dict.fromkeys(tree.about(other), 1.0)
        found: dict[str, tuple[_Subject, _Subject]] = {}
        for told, (first, second) in _about_labels(rules, name):
            if certain.isdisjoint((first, second)):
                found[told] = (False, first), (False, second)
            else:
                always[told] = 1.0
        for branch, label in _below(rules, labels):
            told = fact(BELOW, name.get(branch, branch), name[label])
            found[told] = (True, branch), (True, branch)
        number = {one: at for at, one in enumerate(dict.fromkeys(chain(*found.values())))}
        members = [
            (row, number[one])
            for row, label in enumerate(labels.ids)
            for one in _subjects(label, labels, tree)
            if one in number
        ]
        subjects = [(number[first], number[second]) for first, second in found.values()]
        return cls(
            labels,
            always,
            list(found),
            np.array(subjects, dtype=np.int64).reshape(-1, 2),
            np.array(members, dtype=np.int64).reshape(-1, 2),
        )

    @cached_property
    def _subjects_of(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for row, subject in self.members.tolist():
            found.setdefault(row, []).append(subject)
        return found

    @cached_property
    def _names_of(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for name, both in zip(self.names, self.subjects.tolist(), strict=True):
            for subject in set(both):
                found.setdefault(subject, []).append(name)
        return found

    def about(self, rows: Collection[int]) -> dict[str, float]:
        """Return the facts about these labels, and those that are always told."""
        subjects = {subject for row in rows for subject in self._subjects_of.get(row, ())}
        told = {name: 1.0 for subject in subjects for name in self._names_of.get(subject, ())}
        return {**self.always, **told}


def _subjects(label: str, labels: LabelRows, tree: BroaderFacts | None) -> Iterator[_Subject]:
    yield False, label
    yield from ((False, above) for above in (() if tree is None else tree.above(label)))
    yield from ((True, branch) for branch in labels.broader.get(label, ()))


def _below(rules: Rules, labels: LabelRows) -> Iterator[tuple[str, str]]:
    """Yield the labels that have labels directly below them, with each of these."""
    for label in labels.ids if rules.max_per_branch is not None else ():
        yield from ((branch, label) for branch in labels.broader.get(label, ()))


def _limits(rules: Rules, manifest: Manifest) -> dict[str, float]:
    limits: dict[str, float] = {fact(MOST_TAGS): manifest.max_tags}
    if manifest.most_suggested:
        limits[fact(MOST_SUGGESTED)] = manifest.most_suggested
    if rules.max_per_branch is not None:
        limits[fact(MOST_OF_BRANCH)] = rules.max_per_branch
    if manifest.review_first:
        limits[fact(REVIEW_FIRST)] = 1.0
    return limits


def _about_labels(rules: Rules, name: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield facts about one label (twice) or two, with their ids."""
    for label in rules.people_only:
        if label in name:
            yield fact(PEOPLE_ONLY, name[label]), (label, label)
    for first, second in rules.excluded():
        if first in name and second in name:
            yield fact(EXCLUDES, name[first], name[second]), (first, second)
    for label, group in rules.group_of.items():
        if label in name:
            yield fact(OF_GROUP, group, name[label]), (label, label)
