"""What learning from a document takes is measured with the real steps, and leaves nothing."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest

from lmtx_search.encoder.load import onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Document, Label
from lmtx_search.training.learning_costs import labels_of_batch, measure_learning_costs
from lmtx_search.training.settings import FineTuning
from tests.support.random_encoders import make_random_encoder

LABELS = [Label(f"{number}", f"chess and music {number}") for number in range(70)]
DOCUMENTS = [Document(f"{number}", f"A web browser {number}") for number in range(5)]


def test_a_batch_has_no_more_labels_than_there_are_or_than_its_documents_have() -> None:
    assert labels_of_batch(1, 32) == pytest.approx(1)
    assert 15 < labels_of_batch(20, 32) <= 20
    assert 200 < labels_of_batch(100_000, 32) <= 256
    assert labels_of_batch(1000, 8) < labels_of_batch(1000, 32)


@pytest.mark.integration
@pytest.mark.parametrize("batch", [4, 32])
def test_every_step_is_measured_even_with_fewer_documents_than_a_batch(
    tmp_path: Path, batch: int
) -> None:
    base = make_random_encoder(tmp_path / "base")

    def load(folder: Path, tokens: int) -> OnnxEncoder:
        return OnnxEncoder(onnx_form(folder, tmp_path / "cache"), tokens, threads=1)

    tuning = FineTuning(batch_size=batch, document_tokens=24, label_tokens=12)
    costs = measure_learning_costs(load, base, LABELS, DOCUMENTS, tuning)
    assert all(seconds > 0 for seconds in astuple(costs))
    assert {path.name for path in tmp_path.iterdir()} == {"base", "cache"}
