"""Which documents teach a static encoder and which measure it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT
from lmtx_search.records import Document
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.sampling import hold_out
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.static_encoder.held_out import (
    Split,
    held_out_by,
    sampled_as,
    split_documents,
)
from lmtx_search.training.static_encoder.settings import Distillation
from tests.support.notes import Notes

DOCUMENTS = [Document(str(number), f"text {number}") for number in range(1000)]


def ids(documents: object) -> set[str]:
    return {document.id for document in documents}  # type: ignore[attr-defined]


def test_documents_that_the_run_held_out_measure_wherever_they_are_in_the_sample() -> None:
    held_out = frozenset(str(number) for number in range(100, 130))
    notes = Notes()
    found = split_documents(DOCUMENTS, held_out, Distillation(), notes)
    assert ids(found.measuring) == held_out
    assert len(found.choosing) == 50
    assert len(found.teaching) == 1000 - 30 - 50
    assert not held_out & (ids(found.teaching) | ids(found.choosing))
    assert notes.kept == []


def test_at_most_half_of_what_is_held_out_here_measures() -> None:
    held_out = ids(DOCUMENTS[:90])
    found = split_documents(DOCUMENTS, frozenset(held_out), Distillation(), SILENT)
    assert len(found.measuring) == len(found.choosing) == 50
    assert ids(found.measuring) < held_out
    every = [*found.teaching, *found.choosing, *found.measuring]
    assert sorted(one.id for one in every) == sorted(one.id for one in DOCUMENTS)


def test_it_is_said_if_few_of_these_documents_are_left() -> None:
    notes = Notes()
    found = split_documents(DOCUMENTS, frozenset({"3", "gone"}), Distillation(), notes)
    assert len(found.measuring) == 50
    assert "3" in ids(found.measuring)
    assert "the run held out, 1 can measure the static encoder" in notes.kept[0]
    assert "the run did not learn from copies of them" in notes.kept[0]


def test_an_untrained_encoder_is_measured_on_any_documents() -> None:
    found = split_documents(DOCUMENTS, None, Distillation(), SILENT)
    assert found == Split(DOCUMENTS[:900], DOCUMENTS[900:950], DOCUMENTS[950:])


@pytest.mark.parametrize("held_out", [None, frozenset({*map(str, range(900, 930))})])
def test_copies_are_on_one_side_and_measure_once(held_out: frozenset[str] | None) -> None:
    copies = [Document(f"copy of {one.id}", one.text) for one in DOCUMENTS]
    notes = Notes()
    found = split_documents([*DOCUMENTS, *copies], held_out, Distillation(), notes)
    assert (len(found.choosing), len(found.measuring)) == (50, 30 if held_out else 50)
    sides = [{one.text for one in side} for side in (found.teaching, found.choosing)]
    sides.append({one.text for one in found.measuring})
    assert sum(map(len, sides)) == len(set().union(*sides)) == len(DOCUMENTS)
    assert "1,000 of 2,000" in notes.kept[0]


def test_copies_of_few_texts_are_refused() -> None:
    same = [Document(str(number), f"text {number % 199}") for number in range(1000)]
    with pytest.raises(UserError, match="different texts, and there are 199: `lmtx-search docs"):
        split_documents(same, None, Distillation(), SILENT)


def test_a_run_of_an_earlier_release_may_have_learned_from_copies(tmp_path: Path) -> None:
    documents = [*DOCUMENTS[:98], Document("copy", DOCUMENTS[0].text), DOCUMENTS[98]]
    assert held_out_by(tmp_path / "encoder", documents, TrainingSettings()) == {
        one.id for one in DOCUMENTS[90:99]
    }


@pytest.mark.parametrize(("copies_apart", "unseen"), [(False, {"6"}), (True, {"5", "6"})])
def test_of_held_out_documents_with_copies_only_a_run_that_left_these_out_measures(
    copies_apart: bool, unseen: set[str], tmp_path: Path
) -> None:
    run = RunAnswers("2026-01-01", ["5", "6"], {}, {}, {}, {}, True, 0.6, 3, copies_apart)
    run.write(tmp_path)
    documents = [*DOCUMENTS, Document("copy", DOCUMENTS[5].text)]
    assert held_out_by(tmp_path / "encoder", documents, TrainingSettings()) == unseen


def test_what_the_run_held_out_is_what_it_wrote_down_or_the_end_of_its_sample(
    tmp_path: Path,
) -> None:
    run = {"settings": {"seed": 7, "most_documents": 500, "most_development": 20}}
    training = sampled_as(TrainingSettings(), run)
    assert (training.seed, training.most_documents) == (7, 500)
    of_sample = hold_out(DOCUMENTS, 20)[1]
    assert held_out_by(tmp_path / "encoder", DOCUMENTS, training) == ids(of_sample)
    RunAnswers("2026-01-01", ["5", "6"], {}, {}, {}, {}, True, 0.6, 3).write(tmp_path)
    assert held_out_by(tmp_path / "encoder", DOCUMENTS, training) == {"5", "6"}
    assert sampled_as(TrainingSettings(), None) == TrainingSettings()
