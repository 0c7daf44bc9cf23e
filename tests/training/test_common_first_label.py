"""A label that comes first for far too many documents is found."""

from __future__ import annotations

import pytest

from lmtx_search.records import Label
from lmtx_search.training.common_first_label import CommonFirstLabel, common_first_label

LABELS = [Label(id=str(number), text=f"label {number}") for number in range(20)]


def firsts(common: int, documents: int) -> dict[str, str]:
    """Return first labels: label 7 for so many documents, and others for the rest."""
    of_rest = [label.id for label in LABELS if label.id != "7"]
    rest = [of_rest[place % len(of_rest)] for place in range(documents - common)]
    return {str(place): id_ for place, id_ in enumerate(["7"] * common + rest)}


def test_a_label_that_comes_first_for_thirty_percent_is_found_with_its_name() -> None:
    assert common_first_label(firsts(30, 100), LABELS) == CommonFirstLabel("label 7", 0.3, 100)


@pytest.mark.parametrize(
    ("common", "documents", "labels"),
    [(29, 100, 20), (19, 19, 20), (100, 100, 19)],
    ids=["fewer", "few documents", "few labels"],
)
def test_a_share_that_others_may_have_too_is_none(common: int, documents: int, labels: int) -> None:
    assert common_first_label(firsts(common, documents), LABELS[:labels]) is None
