"""The labels above a document's tags, and how they reach the pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lmtx_search.hierarchy import ancestors
from lmtx_search.records import Tag
from lmtx_search.tagging.versions.label_matrix import LabelRows

MARK = "\ue03e"
"""Prefix of the name of a broader label, which goes into ``tags_broader``."""


class BroaderTags:
    """Computes weights of tags and of the labels above them, for fixed labels."""

    def __init__(self, labels: LabelRows) -> None:
        self.labels = labels
        self._row_of = {id_: row for row, id_ in enumerate(labels.ids)}

    def weights(self, tags: Sequence[Tag]) -> dict[str, float]:
        """Return scores by tag name, and sums of broader labels by :data:`MARK` and name."""
        found = {tag.name: tag.score for tag in tags}
        for tag in tags:
            for above in ancestors(self.labels.broader, tag.label_id):
                if (row := self._row_of.get(above)) is not None:
                    name = MARK + self.labels.names[row]
                    found[name] = round(found.get(name, 0.0) + tag.score, 4)
        return found


def sorted_weights(weights: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the scores of tags and those of broader labels, best first, as the pipeline writes.

    Args:
        weights: scores by tag name, in which names of broader labels begin with :data:`MARK`.
    """
    tags = {name: score for name, score in weights.items() if not name.startswith(MARK)}
    broader = {name[1:]: score for name, score in weights.items() if name.startswith(MARK)}
    return _best_first(tags), _best_first(
        {name: score for name, score in broader.items() if name not in tags}
    )


def _best_first(scores: Mapping[str, float]) -> dict[str, float]:
    # Java compares names by their UTF-16 units.
    return dict(sorted(scores.items(), key=lambda one: (-one[1], one[0].encode("utf-16-be"))))
