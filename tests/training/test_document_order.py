"""The order in which the judge is asked about documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.records import Document, Label
from lmtx_search.training import document_order
from lmtx_search.training.document_order import order_documents
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import search_in
from tests.support.tiny_encoder import make_tiny_encoder

LABELS = [Label("chess", "chess"), Label("web", "web plays")]
DOCUMENTS = [
    Document("agree", "chess"),
    Document("names nothing", "web"),
    Document("disagree", "chess web web web web"),
    Document("agree too", "web plays web"),
    Document("disagree too", "web web web web web chess"),
]
SETTINGS = TrainingSettings(centered=False, fine_tuning=FineTuning(document_tokens=16))


def ordered(folder: Path, name: str) -> list[str]:
    encoder = OnnxEncoder(make_tiny_encoder(folder / name), 16)
    vectors = encoder.encode_labels([label.text for label in LABELS])
    search = search_in(np.asarray(vectors, dtype=np.float32), LABELS)
    settings = replace(SETTINGS, document_order=name)
    return [one.id for one in order_documents(settings, encoder, search, DOCUMENTS, len(LABELS))]


def test_documents_whose_nearest_label_is_not_the_first_by_names_too_come_first(
    tmp_path: Path,
) -> None:
    asked_first = ["disagree", "disagree too"]
    rest = ["agree", "names nothing", "agree too"]
    assert ordered(tmp_path, "disagreement") == asked_first + rest
    assert ordered(tmp_path, "random") == [document.id for document in DOCUMENTS]


def test_documents_that_are_not_looked_at_come_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_order, "MOST", 3)
    found = ordered(tmp_path, "disagreement")
    assert found == ["disagree", "agree", "names nothing", "agree too", "disagree too"]


def test_another_name_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no document order 'best': there are random, disagreement"):
        ordered(tmp_path, "best")
