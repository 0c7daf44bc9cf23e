"""Labels that the judge refused, as negatives of the document that they were refused for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lmtx_search.records import Document, Label
from lmtx_search.training.cycle import train
from lmtx_search.training.materials import Materials
from lmtx_search.training.settings import FineTuning, TrainingSettings

pytest.importorskip("sentence_transformers")

LABELS = [Label(name, name) for name in ("yes", "perhaps", "no", "unasked")]


def never_negatives(monkeypatch: pytest.MonkeyPatch, negatives: str) -> set[int]:
    """Return the labels that are no negatives of the one document that is trained on."""
    given: list[Any] = []

    def fine_tune(*arguments: Any) -> float:
        given.extend(arguments)
        return 0.0

    monkeypatch.setattr("lmtx_search.training.student.finetune.fine_tune", fine_tune)
    unused: Any = None
    materials = Materials(
        base=Path(),
        open_base=unused,
        publish=unused,
        load_encoder=unused,
        labels=LABELS,
        training=[Document("d", "text", {})],
        development=[],
        judge=unused,
        store=unused,
    )
    said = {"d": {"yes": 0.9, "perhaps": 0.3, "no": 0.001}}
    spared = {"d": frozenset({"perhaps", "unasked"})}
    settings = TrainingSettings(fine_tuning=FineTuning(negatives=negatives))
    train(materials, {"d": frozenset({"yes"})}, said, settings, Path(), spared=spared)
    return set(given[4][0])


def test_what_may_be_right_is_no_negative_that_other_documents_bring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert never_negatives(monkeypatch, "hardest") == {0, 1, 3}


def test_what_is_brought_along_as_refused_counts_however_near_the_refusal_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert never_negatives(monkeypatch, "judged_no") == {0, 3}
