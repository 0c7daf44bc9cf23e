"""How many documents teach without the judge within a budget of time, and how this is said."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.settings import EncoderSettings
from lmtx_search.training.learning_costs import LearningCosts
from lmtx_search.training.learning_share import (
    LearningShare,
    in_words,
    is_measured,
    learning_share,
)
from lmtx_search.training.profiles import training_settings

# A document costs 0.02 + 0.5 * 0.1 + 0.13 = 0.2 seconds.
COSTS = LearningCosts(read=0.01, label=0.01, named=0.1, all=0.13)


def share(
    documents: int, costs: LearningCosts | None = COSTS, labels: int = 1000, **changes: Any
) -> LearningShare:
    training = training_settings(EncoderSettings(), **changes)
    return learning_share(documents, labels, training, costs)


def test_as_many_documents_teach_as_the_budget_is_enough_for() -> None:
    # A tenth covers what is not measured, and reading the labels takes ten seconds.
    found = share(28_000, learning_budget="3m")
    assert found.enough_for == int((180 / 1.1 - 10) / 0.2) == 768
    assert found.documents == 700
    assert found.seconds == pytest.approx(1.1 * (10 + 700 * 0.2))
    assert found.seconds_for_all == pytest.approx(1.1 * (10 + 28_000 * 0.2))
    assert in_words(found) == (
        "700 of 28,000 training documents teach without the judge, which takes about 3 min: as "
        "many as `train --learning-budget 3m` is enough for on this machine. To use all: "
        "`train --unjudged-documents 28000` (about 103 min)"
    )


def test_more_windows_and_more_labels_leave_time_for_fewer_documents() -> None:
    one = share(28_000, learning_budget="5m").enough_for
    windows = EncoderSettings(windows=3)
    three = training_settings(windows, learning_budget="5m")
    fewer = learning_share(28_000, 1000, three, COSTS).enough_for
    labels = share(28_000, labels=20_000, learning_budget="5m").enough_for
    assert one
    assert fewer == int((300 / 1.1 - 10) / 0.22) < one
    assert labels == int((300 / 1.1 - 200) / 0.2) < one


def test_the_number_of_the_settings_is_never_exceeded() -> None:
    found = share(28_000)
    assert (found.documents, found.most) == (2_600, 3_000)
    found = share(28_000, learning_budget="1h")
    assert found.documents == 3_000
    assert in_words(found) == (
        "3,000 of 28,000 training documents teach without the judge, which takes about 11 min: "
        "`train --unjudged-documents` is 3000. To use all: "
        "`train --unjudged-documents 28000` (about 103 min)"
    )


def test_if_all_documents_fit_nothing_is_missing() -> None:
    found = share(1_234)
    assert found.documents == 1_234
    assert in_words(found) == (
        "All 1,234 training documents teach without the judge, which takes about 5 min"
    )


def test_fewer_documents_than_make_sense_are_never_taken_and_it_is_said_what_to_do() -> None:
    found = share(28_000, learning_budget="1m")
    assert (found.documents, found.enough_for) == (500, 222)
    assert in_words(found) == (
        "500 of 28,000 training documents teach without the judge, which takes about 2 min: "
        "`train --learning-budget 1m` is enough for only 222 on this machine, and fewer than 500 "
        "teach too little. To spend less: a smaller encoder (--encoder), or `train "
        "--unjudged-documents 0`, with which only judged documents teach. To use all: `train "
        "--unjudged-documents 28000` (about 103 min)"
    )
    # Labels alone may take longer than the budget.
    none = share(28_000, labels=100_000)
    assert (none.documents, none.enough_for) == (500, 0)


def test_a_number_without_a_budget_is_taken_on_every_machine() -> None:
    found = share(28_000, None, unjudged_documents=20_000)
    assert found == LearningShare(20_000, 28_000, 20_000, None)
    assert in_words(found) == (
        "20,000 of 28,000 training documents teach without the judge: `train "
        "--unjudged-documents` is 20000. To use all: `train --unjudged-documents 28000`"
    )


@pytest.mark.parametrize(
    ("documents", "changes", "measured"),
    [
        (28_000, {}, True),
        (500, {}, False),
        (28_000, {"unjudged_documents": 20_000}, False),
        (28_000, {"unjudged_documents": 400, "learning_budget": "1m"}, False),
        (28_000, {"profile": "paper"}, False),
    ],
)
def test_speeds_are_measured_only_if_the_number_depends_on_them(
    documents: int, changes: dict[str, Any], measured: bool
) -> None:
    training = training_settings(EncoderSettings(), **changes)
    assert is_measured(documents, training) == measured
