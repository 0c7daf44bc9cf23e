"""What the controls learn from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lmtx_search.evaluation.comparators import DEFAULT, ComparisonContext, control
from lmtx_search.evaluation.comparators.control_all import within_budget
from lmtx_search.progress import SILENT
from lmtx_search.training.settings import FineTuning


@pytest.mark.parametrize("spared", [True, False])
def test_the_rest_of_a_shortlist_is_spared_as_in_the_run(
    context: ComparisonContext, monkeypatch: pytest.MonkeyPatch, spared: bool
) -> None:
    # Training needs torch and minutes; what it is given is the subject here.
    given: list[tuple[object, ...]] = []

    def learn(*values: object, spared: object) -> None:
        given.append((values[4], spared))

    monkeypatch.setattr(control, "learn", learn)
    monkeypatch.setattr(control, "ranked", lambda *values: "ranked")
    where = replace(context, spared=spared)
    assert control.COMPARATOR.run(where, SILENT) == "ranked"  # type: ignore[comparison-overlap]
    ((positives, others),) = given
    assert isinstance(positives, dict)
    assert isinstance(others, dict)
    assert set(positives) == {document.id for document in context.learn_from}
    for document, of_labels in positives.items():
        (first,) = of_labels
        assert others.get(document) == (({"chess", "mail"} - {first}) if spared else None)


def test_all_documents_are_learned_from_in_as_many_epochs_as_there_is_time_for() -> None:
    tuning = FineTuning(epochs=4, batch_size=32)
    assert within_budget(tuning, 1000, 0.01) == (1000, tuning)
    assert within_budget(tuning, 5000, 0.01) == (5000, replace(tuning, epochs=2))
    assert within_budget(tuning, 5000, 0.1) == (1200, replace(tuning, epochs=1))
    assert within_budget(tuning, 5000, 100.0) == (32, replace(tuning, epochs=1))


def test_what_takes_ten_minutes_runs_only_if_it_is_named() -> None:
    assert "control-all" not in DEFAULT
    assert {"tfidf", "tfidf-chars", "centered", "fusion", "frozen-words", "control"} <= set(DEFAULT)
