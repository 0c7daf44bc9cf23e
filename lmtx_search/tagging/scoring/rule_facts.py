"""What a tagger says about its rules beside the scores, so that they can be followed anywhere.

Only the pipeline knows what people decided about a document, and which group it belongs to. It
therefore follows the rules (``settle.py``, and the same in ``settle.painless``). The tagger sends
it more labels than a document may have, and the facts about them: numbers by name, with a mark.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import Bands
from lmtx_search.rules import Rules
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import Manifest

RULE = "\ue052"
"""Before a fact. After it come a letter for its kind and up to two names, separated by RULE."""

MOST_TAGS, MOST_SUGGESTED, MOST_OF_BRANCH = "t", "s", "b"
"""Limits. The number is the limit itself; that of other facts means nothing, but is positive."""

PEOPLE_ONLY, EXCLUDES, IMPLIES, BELOW, OF_GROUP = "p", "x", "i", "u", "g"
"""A label is for people only; two exclude each other; the first one implies the second one; the
second one is directly below the first one; the second one is for the group with the first name."""

ABOVE = "a"
"""The first label is directly above the second one (``broader.py``)."""


def fact(kind: str, *names: str) -> str:
    """Return the name of a fact."""
    return f"{RULE}{kind}{RULE.join(names)}"


@dataclass(frozen=True)
class RuleFacts:
    """The facts about labels.

    Attributes:
        labels: the labels that they are about.
        limits: facts about all documents, with their numbers.
        names: facts about labels.
        rows: int64[names, 2], the labels in ``labels`` of each. A fact is told if a document may
            get one of them.
    """

    labels: LabelRows
    limits: Mapping[str, float]
    names: Sequence[str]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, rules: Rules, labels: LabelRows, manifest: Manifest) -> RuleFacts:
        """Return the facts for labels. Rules about labels that no longer exist have no effect."""
        limits: dict[str, float] = {fact(MOST_TAGS): manifest.max_tags}
        if manifest.most_suggested:
            limits[fact(MOST_SUGGESTED)] = manifest.most_suggested
        if rules.max_per_branch is not None:
            limits[fact(MOST_OF_BRANCH)] = rules.max_per_branch
        found = dict(_facts(rules, labels, manifest.bands))
        rows = np.array(list(found.values()), dtype=np.int64).reshape(-1, 2)
        return cls(labels, limits, list(found), rows)

    @cached_property
    def _of_row(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for name, both in zip(self.names, self.rows.tolist(), strict=True):
            for row in set(both):
                found.setdefault(row, []).append(name)
        return found

    def about(self, rows: Collection[int]) -> dict[str, float]:
        """Return the facts about these labels, and the limits."""
        told = {name: 1.0 for row in rows for name in self._of_row.get(row, ())}
        return {**self.limits, **told}


def _facts(
    rules: Rules, labels: LabelRows, bands: Bands | None
) -> Iterator[tuple[str, tuple[int, int]]]:
    row_of = {id_: row for row, id_ in enumerate(labels.ids)}
    name = labels.names
    people = set(rules.people_only)
    if bands is not None:
        people.update(id_ for id_ in labels.ids if bands.never_applied(id_))
    implied = {
        label: [one for one in others if one in row_of and one not in people]
        for label, others in rules.implied().items()
    }
    for label in rules.people_only:
        if (row := row_of.get(label)) is not None:
            yield fact(PEOPLE_ONLY, name[row]), (row, row)
    for first, second in rules.excluded():
        if (one := row_of.get(first)) is not None and (two := row_of.get(second)) is not None:
            yield fact(EXCLUDES, name[one], name[two]), (one, two)
    for label, others in implied.items():
        if (row := row_of.get(label)) is not None:
            for other in others:
                yield fact(IMPLIES, name[row], name[row_of[other]]), (row, row)
    for label, group in rules.group_of.items():
        if (row := row_of.get(label)) is not None:
            yield fact(OF_GROUP, group, name[row]), (row, row)
    for row, label in enumerate(labels.ids):
        if rules.max_per_branch is not None:
            for parent in labels.broader.get(label, ()):
                above = row_of.get(parent)
                branch = parent if above is None else name[above]
                yield fact(BELOW, branch, name[row]), (row, row)
