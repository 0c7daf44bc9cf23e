"""What a tagger says about the labels above its tags.

Only the pipeline knows which tags people rejected. It therefore computes the sums for the labels
above those that remain (``settle.py``, and the same in ``settle.painless``).
"""

from __future__ import annotations

from collections.abc import Sequence

from lmtx_search.hierarchy import ancestors
from lmtx_search.records import Tag
from lmtx_search.rules import Rules
from lmtx_search.tagging.scoring.rule_facts import ABOVE, fact
from lmtx_search.tagging.versions.label_matrix import LabelRows


class BroaderFacts:
    """Tells which label is directly above which, for the labels that are above some tags.

    Args:
        rules: labels that a tag implies have labels above them too (None: there are no rules).
    """

    def __init__(self, labels: LabelRows, rules: Rules | None) -> None:
        self.labels = labels
        self._row_of = {id_: row for row, id_ in enumerate(labels.ids)}
        self._implied = {} if rules is None else rules.implied()

    def about(self, label: str) -> list[str]:
        """Return the names of the facts about the labels above a label, given by its id."""
        broader, names = self.labels.broader, self.labels.names
        found: dict[str, None] = {}
        for start in (label, *self._implied.get(label, ())):
            for below in (start, *ancestors(broader, start)):
                for above in broader.get(below, ()):
                    if below in self._row_of and above in self._row_of:
                        both = names[self._row_of[above]], names[self._row_of[below]]
                        found[fact(ABOVE, *both)] = None
        return list(found)

    def weights(self, tags: Sequence[Tag]) -> dict[str, float]:
        """Return the facts about tags: name → the sum of the scores of the tags below it."""
        found: dict[str, float] = {}
        for tag in tags:
            for name in self.about(tag.label_id):
                found[name] = round(found.get(name, 0.0) + tag.score, 4)
        return found
