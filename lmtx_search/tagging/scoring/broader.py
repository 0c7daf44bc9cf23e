"""The labels above a document's tags, and how they travel beside these to the pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from lmtx_search.hierarchy import ancestors
from lmtx_search.records import Tag
from lmtx_search.tagging.versions.label_matrix import LabelRows

MARK = "\ue03e"
"""Stands before the name of a broader label: no tag, but for ``tags_broader``."""


class BroaderTags:
    """Weights of tags and of the labels above them, by labels that stay the same."""

    def __init__(self, labels: LabelRows) -> None:
        self.labels = labels
        self._row_of = {id_: row for row, id_ in enumerate(labels.ids)}

    def weights(self, tags: Sequence[Tag]) -> dict[str, float]:
        """Return the tags' scores by name, and behind :data:`MARK` the broader labels' sums."""
        found = {tag.name: tag.score for tag in tags}
        for tag in tags:
            for above in ancestors(self.labels.broader, tag.label_id):
                if (row := self._row_of.get(above)) is not None:
                    name = MARK + self.labels.names[row]
                    found[name] = round(found.get(name, 0.0) + tag.score, 4)
        return found
