"""What the encoder learns from documents that name a label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Document, Label
from lmtx_search.training import named_stage
from lmtx_search.training.named_stage import LEAST_DOCUMENTS, teach_from_names
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import search_in
from tests.support.tiny_encoder import make_tiny_encoder

NOTHING: Any = None


def test_a_name_counts_only_where_the_encoder_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = make_tiny_encoder(tmp_path / "form")
    label = Label("c", "plays chess")
    inside = [Document(f"i{n}", "plays chess " + "a " * 9) for n in range(LEAST_DOCUMENTS)]
    behind = [Document(f"b{n}", "plays " + "a " * 9 + "chess") for n in range(50)]
    others = [Document(f"o{n}", "a web") for n in range(600)]
    encoder = OnnxEncoder(form, 8)
    vectors = encoder.encode_labels([label.text])
    learned: list[Any] = []
    monkeypatch.setattr(named_stage, "_train", lambda _, __, named, *___: learned.extend(named))
    resources = RunResources(
        base=form,
        open_base=NOTHING,
        publish=NOTHING,
        load_encoder=lambda folder, tokens: OnnxEncoder(folder, tokens),
        labels=[label],
        training=[*behind, *inside, *others],
        development=[],
        judge=NOTHING,
        store=NOTHING,
    )
    search = search_in(np.asarray(vectors, dtype=np.float32), [label])
    settings = TrainingSettings(fine_tuning=FineTuning(document_tokens=8))

    teach_from_names(resources, settings, encoder, search, tmp_path / "encoder")

    assert {one.document.id for one in learned} == {document.id for document in inside}
