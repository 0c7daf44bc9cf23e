"""What a tagger says about the labels above its tags.

Only the pipeline knows which tags people rejected. It therefore computes the sums for the labels
above those that remain (``settle.py``, and the same in ``settle.painless``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lmtx_search.hierarchy import ancestors, without
from lmtx_search.records import Tag
from lmtx_search.rules import Rules
from lmtx_search.tagging.scoring.facts import ABOVE, fact
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import Manifest


class BroaderFacts:
    """Tells which label is directly above which, for the labels that are above some tags.

    Args:
        for_people: labels, by id, that are never written. The labels above them are.
    """

    def __init__(self, labels: LabelRows, for_people: Collection[str]) -> None:
        self.labels = labels
        self._name = dict(zip(labels.ids, labels.names, strict=True))
        self._broader = without(labels.broader, for_people)

    def above(self, label: str) -> list[str]:
        """Return the ids of the labels above a label, given by its id, nearest first."""
        return [one for one in ancestors(self._broader, label) if one in self._name]

    def about(self, label: str) -> list[str]:
        """Return the names of the facts about the labels above a label, given by its id."""
        name = self._name
        found: dict[str, None] = {}
        for below in (label, *ancestors(self._broader, label)):
            for above in self._broader.get(below, ()):
                if below in name and above in name:
                    found[fact(ABOVE, name[above], name[below])] = None
        return list(found)

    def weights(self, tags: Sequence[Tag]) -> dict[str, float]:
        """Return the facts about tags: name → the sum of the scores of the tags below it."""
        found: dict[str, float] = {}
        for tag in tags:
            for name in self.about(tag.label_id):
                found[name] = round(found.get(name, 0.0) + tag.score, 4)
        return found


def left_to_people(manifest: Manifest, rules: Rules | None) -> frozenset[str]:
    """Return the labels, by id, that rules or ``documents.label_bands`` leave to people.

    ``documents.apply_from = 1`` applies no other label by itself, but singles out none of them.
    """
    bands = manifest.bands
    own = () if bands is None else (id_ for id_ in bands.of_labels if bands.never_applied(id_))
    return frozenset(own).union(rules.people_only if rules else ())
