"""The labels above a document's tags, and how they reach the pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from lmtx_search.hierarchy import ancestors
from lmtx_search.records import Tag
from lmtx_search.tagging.scoring.weights import BROADER
from lmtx_search.tagging.versions.label_matrix import LabelRows


class BroaderTags:
    """Computes weights of tags and of the labels above them, for fixed labels."""

    def __init__(self, labels: LabelRows) -> None:
        self.labels = labels
        self._row_of = {id_: row for row, id_ in enumerate(labels.ids)}

    def weights(self, tags: Sequence[Tag]) -> dict[str, float]:
        """Return scores by tag name, and sums of broader labels by :data:`BROADER` and name."""
        found = {tag.name: tag.score for tag in tags}
        for tag in tags:
            for above in ancestors(self.labels.broader, tag.label_id):
                if (row := self._row_of.get(above)) is not None:
                    name = BROADER + self.labels.names[row]
                    found[name] = round(found.get(name, 0.0) + tag.score, 4)
        return found
