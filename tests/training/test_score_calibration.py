"""What a trained encoder's scores are worth, by the judged labels of training documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.encoder.onnx import TokenisedText
from lmtx_search.records import Document, Label
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.targets.score_calibration import score_calibration
from lmtx_search.training.trained_encoder import TrainedEncoder

LABELS = [Label("x", "x"), Label("y", "y")]
DOCUMENTS = [Document(str(number), f"{number / 50}") for number in range(50)]


class Encoder:
    """A label's score with a text of numbers is the number in its place; each is a window."""

    digest, dimension = "d", 2

    def encode_labels(self, texts: Sequence[str], **_: Any) -> Any:
        return np.eye(2, dtype=np.float32)[["xy".index(text) for text in texts]]

    def tokenise_with_words(self, texts: Sequence[str], most: int, for_words: int) -> Any:
        return [TokenisedText(text.split()[:most], []) for text in texts]  # type: ignore[arg-type]

    def embed(self, read: Any, on_batch: Any = None) -> Any:
        vectors = [[float(score), 1 - float(score)] for windows in read for score in windows]
        return np.array(vectors, dtype=np.float32)


def trained(tuning: FineTuning) -> TrainedEncoder:
    nothing: Any = None
    resources = RunResources(
        base=Path(),
        open_base=nothing,
        publish=nothing,
        load_encoder=lambda folder, tokens: Encoder(),
        labels=LABELS,
        training=DOCUMENTS,
        development=[],
        judge=nothing,
        store=nothing,
    )
    return TrainedEncoder(Path(), resources, tuning)


def test_a_higher_score_is_worth_more() -> None:
    evidence = {document.id: {"x": float(document.text)} for document in DOCUMENTS}
    found = score_calibration(trained(FineTuning()), DOCUMENTS, evidence)
    assert found is not None
    assert found.pairs == len(DOCUMENTS)
    assert found.probability("x", 0.9) > 0.7 > 0.3 > found.probability("x", 0.1)


def test_of_a_few_judged_documents_nothing_is_said() -> None:
    few = {document.id: {"x": float(document.text)} for document in DOCUMENTS[:9]}
    assert score_calibration(trained(FineTuning()), DOCUMENTS, few) is None


def test_scores_are_of_the_windows_that_a_tagger_reads_and_labels_that_are_there() -> None:
    encoder = trained(FineTuning(windows=2, window_pooling="max"))
    documents = [Document("a", "0.2 0.7 0.9"), Document("b", "0.4")]
    found = encoder.scores(documents, {"a": ["x", "y"], "b": ["gone", "x"]})
    assert [(document, label) for document, label, _ in found] == [
        ("a", "x"),
        ("a", "y"),
        ("b", "x"),
    ]
    assert [score for *_, score in found] == pytest.approx([0.7, 0.8, 0.4])
