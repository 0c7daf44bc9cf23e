"""What answers decide about a tagger is fitted anew without training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.score_threshold import choose_threshold
from lmtx_search.encoder.windows import ONE_WINDOW
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT
from lmtx_search.records import Document, Label, PYes
from lmtx_search.training.known_answers import KnownAnswers
from lmtx_search.training.refit import Fitted, refit
from lmtx_search.training.resources import RunResources
from lmtx_search.training.run_answers import ANSWERS_FILE, RunAnswers
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.targets.judge_calibration import calibrate
from lmtx_search.training.targets.label_offsets import fit_label_offsets
from lmtx_search.training.targets.score_calibration import score_calibration
from lmtx_search.training.trained_encoder import TrainedEncoder
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring, read_offsets
from tests.support.tiny_encoder import make_tiny_encoder
from tests.support.tiny_tagger import WITH_PAIRS

LABELS = [Label("1", "chess"), Label("2", "mail"), Label("3", "web")]
DOCUMENTS = [Document(f"d{number}", f"plays chess {'and web ' * number}") for number in range(12)]
HELD_OUT = [Document(f"h{number}", "chess " * (number + 1)) for number in range(8)]
JUDGE = {document.id: {"1": 0.9, "2": 0.2, "3": 0.4} for document in DOCUMENTS}
RUN = RunAnswers("2026-01-01", [one.id for one in HELD_OUT], JUDGE, {}, {}, {"3": 2}, True, 0.6, 3)


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[OnnxEncoder, NDArray[np.float32]]:
    """A tiny encoder, and the embeddings of the labels."""
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 64)
    return encoder, encoder.encode_labels([label.text for label in LABELS])


def fitted(
    tiny: tuple[OnnxEncoder, NDArray[np.float32]],
    people: PYes,
    run: RunAnswers | None = RUN,
    held_out: list[Document] = HELD_OUT,
    earlier: dict[str, float] | None = None,
) -> Fitted:
    answers = Answers(JUDGE if run else {}, people)
    known = KnownAnswers(answers, 1, DOCUMENTS, held_out, 0, 0, run, "lmtx-documents")
    words = WordScoring(DEFAULT_WEIGHTS, WITH_PAIRS, offsets=earlier or {})
    return refit(known, tiny[0], LABELS, tiny[1], ONE_WINDOW, words, SILENT)


def test_a_fit_gives_what_a_cycle_of_training_gives(tmp_path: Path) -> None:
    form = make_tiny_encoder(tmp_path / "form")
    nothing: Any = None
    resources = RunResources(
        base=form,
        open_base=nothing,
        publish=nothing,
        load_encoder=lambda folder, tokens: OnnxEncoder(folder, tokens),
        labels=LABELS,
        training=DOCUMENTS,
        development=HELD_OUT,
        judge=nothing,
        store=nothing,
    )
    people = {document.id: {"3": 0.0} for document in DOCUMENTS[:3]}
    words = WordScoring(DEFAULT_WEIGHTS, WITH_PAIRS, named=RUN.named)
    # An encoder that was trained: its offsets are written beside it.
    (tmp_path / "run").mkdir()
    folder = form.rename(tmp_path / "run" / "encoder")
    trained = TrainedEncoder(folder, resources, FineTuning(document_tokens=64), words)
    trained.use_offsets(fit_label_offsets(trained, DOCUMENTS, Answers(JUDGE, people)))
    evidence = prefer_answers(calibrate(JUDGE, {}, RUN.sure_share), people)
    rankings = list(trained.rank(HELD_OUT, RUN.ranked).values())

    encoder = OnnxEncoder(folder, 64)
    vectors = encoder.encode_labels([label.text for label in LABELS])
    found = fitted((encoder, vectors), people)
    assert found.offsets == read_offsets(tmp_path / "run")
    assert found.threshold == choose_threshold(rankings, RUN.named)
    expected = score_calibration(trained, DOCUMENTS, evidence)
    assert expected is not None
    assert found.calibration is not None
    assert found.calibration.slope == pytest.approx(expected.slope, abs=1e-3)
    assert found.calibration.offsets == pytest.approx(expected.offsets, abs=1e-3)


def prefer_answers(judge: PYes, people: PYes) -> PYes:
    return {id_: {**of_labels, **people.get(id_, {})} for id_, of_labels in judge.items()}


def test_labels_that_people_accept_rise_and_rejected_ones_sink(
    tiny: tuple[OnnxEncoder, NDArray[np.float32]],
) -> None:
    people = {document.id: {"1": 0.0, "2": 1.0} for document in DOCUMENTS}
    before, after = fitted(tiny, {}), fitted(tiny, people)
    assert before.offsets["1"] > 0 > after.offsets["1"]
    assert before.offsets["2"] < 0 < after.offsets["2"]
    assert before.answers == after.answers == 36


def test_the_offsets_of_the_run_do_not_enter_the_new_ones(
    tiny: tuple[OnnxEncoder, NDArray[np.float32]],
) -> None:
    assert fitted(tiny, {}, earlier={"1": 9.0}) == fitted(tiny, {})


def test_the_threshold_is_that_of_held_out_documents_with_the_new_offsets(
    tiny: tuple[OnnxEncoder, NDArray[np.float32]],
) -> None:
    people = {document.id: {"1": 0.2} for document in DOCUMENTS}
    before, after = fitted(tiny, {}), fitted(tiny, people)
    assert before.threshold is not None
    assert after.threshold is not None
    assert before.threshold.documents == len(HELD_OUT)
    assert set(before.threshold.lowered) == {"3"}
    # The best label of all held-out documents is chess.
    moved = after.offsets["1"] - before.offsets["1"]
    assert moved < -0.02
    assert after.threshold.value == pytest.approx(before.threshold.value + moved, abs=1e-4)


def test_without_held_out_documents_the_threshold_stays(
    tiny: tuple[OnnxEncoder, NDArray[np.float32]],
) -> None:
    assert fitted(tiny, {}, held_out=HELD_OUT[:1]).threshold is None


def test_the_calibration_is_of_the_answers_of_a_judge_that_counts(
    tiny: tuple[OnnxEncoder, NDArray[np.float32]],
) -> None:
    found = fitted(tiny, {document.id: {"3": 0.0} for document in DOCUMENTS}).calibration
    assert found is not None
    assert found.pairs == 36
    assert fitted(tiny, {}, run=replace(RUN, judge={})).calibration is None
    assert fitted(tiny, {"d1": {"1": 0.0}}, run=None).calibration is None


def test_a_file_of_answers_that_is_damaged_is_one_clear_line(tmp_path: Path) -> None:
    assert RunAnswers.read(tmp_path) is None
    RUN.write(tmp_path)
    assert RunAnswers.read(tmp_path) == RUN
    (tmp_path / ANSWERS_FILE).write_text("[]")
    with pytest.raises(UserError, match=r"answers\.json is damaged .*: train again"):
        RunAnswers.read(tmp_path)
