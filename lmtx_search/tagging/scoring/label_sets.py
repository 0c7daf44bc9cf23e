"""The sets of labels that tags are chosen from, and the scores that their labels need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import NEVER
from lmtx_search.encoder.windows import best_of_windows
from lmtx_search.rules import Rules
from lmtx_search.tagging.versions.version import Manifest

Best = list[list[tuple[int, float]]]
"""For each document (row of the labels, score), best first."""

Banded = tuple[Best, Best]
"""The tags of each document, and its suggestions."""


@dataclass(frozen=True, slots=True)
class BandedRows:
    """The scores from which labels are applied and suggested: float32[labels] each.

    Attributes:
        suggest: None: nothing is suggested.
        most, most_suggested: the largest number of tags and of suggestions of a document, or of
            those that the rules choose from.
    """

    apply: NDArray[np.float32]
    suggest: NDArray[np.float32] | None
    most: int
    most_suggested: int

    @classmethod
    def of(cls, manifest: Manifest, rules: Rules | None, ids: Sequence[str]) -> list[BandedRows]:
        """Return those of labels, given by their ids, once for each set that is chosen from.

        The sets are the labels that are for all documents, and those of each group.
        """
        apply = manifest.thresholds.rows(ids)
        suggest = None if manifest.bands is None else manifest.suggested_from.rows(ids)
        most = manifest.max_tags + manifest.spare
        most_suggested = manifest.most_suggested + manifest.spare
        never = np.float32(NEVER)
        return [
            cls(
                np.where(of_set, apply, never),
                None if suggest is None else np.where(of_set, suggest, never),
                most,
                most_suggested,
            )
            for of_set in label_sets(rules, ids)
        ]

    def banded(self, tags: Best, near: Best, counts: Sequence[int]) -> Banded:
        """Return the tags and the suggestions of documents.

        Args:
            tags: the tags of each window, at most as many as a document may have.
            near: the labels of each window that score enough for a suggestion: as many as there may
                be tags and suggestions ([]: nothing is suggested).
            counts: number of windows of each document.
        """
        applied = _of_documents(tags, counts, self.most)
        if self.suggest is None:
            return applied, [[] for _ in applied]
        suggested: Best = []
        every = _of_documents(near, counts, self.most + self.most_suggested)
        for of_tags, of_near in zip(applied, every, strict=True):
            rows = {row for row, _ in of_tags}
            suggested.append([one for one in of_near if one[0] not in rows][: self.most_suggested])
        return applied, suggested


def _of_documents(best: Best, counts: Sequence[int], k: int) -> Best:
    """Return the k best labels of documents, given those of their windows."""
    return best if len(best) == len(counts) else best_of_windows(best, counts, k)


def label_sets(rules: Rules | None, ids: Sequence[str]) -> list[NDArray[np.bool_]]:
    """Return bool[labels] for the labels that are for all documents, and for each group."""
    if rules is None or not rules.groups:
        return [np.ones(len(ids), dtype=bool)]
    group_of = [rules.group_of.get(id_) for id_ in ids]
    return [
        np.array([one == group for one in group_of], dtype=bool) for group in (None, *rules.groups)
    ]


def banded_of_sets(
    sets: Sequence[BandedRows], tags: Sequence[Best], near: Sequence[Best], counts: Sequence[int]
) -> Banded:
    """Return the tags and the suggestions of documents from all sets together.

    Args:
        tags, near, counts: for each set, as :meth:`BandedRows.banded` has them.
    """
    found = [
        one.banded(of_tags, of_near, counts)
        for one, of_tags, of_near in zip(sets, tags, near, strict=True)
    ]
    if len(found) == 1:
        return found[0]
    tags, suggested = (
        [
            [one for of_set in of_document for one in of_set]
            for of_document in zip(*part, strict=True)
        ]
        for part in zip(*found, strict=True)
    )
    return tags, suggested
