"""How often people rejected labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lmtx_search.records import Judgment

_YES = 0.5


@dataclass(frozen=True, slots=True)
class Rejections:
    """Number of documents for which people said no to a label, and of those they judged."""

    rejected: int
    judged: int


def rejections(people: Iterable[Judgment]) -> dict[str, Rejections]:
    """Return the labels that people said no to, by id.

    Args:
        people: judgments of people.
    """
    judged: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for one in people:
        judged[one.label_id] += 1
        rejected[one.label_id] += one.p_yes < _YES
    return {label: Rejections(no, judged[label]) for label, no in rejected.items() if no}
