"""How many documents teach without the judge is decided once for a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lmtx_search.progress import Silent
from lmtx_search.records import Document
from lmtx_search.settings import EncoderSettings
from lmtx_search.training import decided_share
from lmtx_search.training.decided_share import copy_share, decide_share, read_share
from lmtx_search.training.learning_costs import LearningCosts
from lmtx_search.training.profiles import training_settings
from lmtx_search.training.resources import RunResources

NOTHING: Any = None
SETTINGS = training_settings(EncoderSettings())


class Notes(Silent):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def slowness(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that a document takes in each measurement to come."""
    seconds: list[float] = []

    def measured(*_: Any) -> LearningCosts:
        return LearningCosts(read=0, label=0, named=0, all=seconds.pop(0))

    monkeypatch.setattr(decided_share, "measure_learning_costs", measured)
    return seconds


def resources(documents: int) -> RunResources:
    return RunResources(
        base=NOTHING,
        open_base=NOTHING,
        publish=NOTHING,
        load_encoder=NOTHING,
        labels=[],
        training=[Document(f"{number}", "a") for number in range(documents)],
        development=[],
        judge=NOTHING,
        store=NOTHING,
    )


def test_a_stopped_run_continues_with_the_number_that_it_began_with(
    tmp_path: Path, slowness: list[float]
) -> None:
    slowness += [0.4, 0.2]
    notes = Notes()
    first, share = decide_share(resources(2_000), SETTINGS, tmp_path / "run", notes)
    assert first.unjudged_documents == 1_300
    assert decide_share(resources(2_000), SETTINGS, tmp_path / "run", notes) == (first, share)
    assert len(slowness) == 1
    assert notes.texts[0] == notes.texts[1]
    assert notes.texts[0].startswith("1,300 of 2,000 training documents teach without the judge")
    # Another run measures again.
    other, _ = decide_share(resources(2_000), SETTINGS, tmp_path / "other", notes)
    assert other.unjudged_documents == 2_000


def test_who_takes_over_a_stage_takes_over_its_number(
    tmp_path: Path, slowness: list[float]
) -> None:
    slowness += [0.4]
    _, share = decide_share(resources(2_000), SETTINGS, tmp_path / "left", Notes())
    copy_share(tmp_path / "left", tmp_path / "run")
    assert decide_share(resources(2_000), SETTINGS, tmp_path / "run", Notes())[1] == share
    copy_share(tmp_path / "nothing", tmp_path / "none")
    assert read_share(tmp_path / "none") is None


def test_if_only_judged_documents_teach_nothing_is_measured_or_kept(tmp_path: Path) -> None:
    paper = training_settings(EncoderSettings(), "paper")
    notes = Notes()
    assert decide_share(resources(2_000), paper, tmp_path, notes) == (paper, None)
    assert not notes.texts
    assert not list(tmp_path.iterdir())
