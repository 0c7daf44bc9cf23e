"""The context of a small comparison without a cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.windows import ONE_WINDOW
from lmtx_search.evaluation.comparators import ComparisonContext
from lmtx_search.evaluation.comparators.unjudged_training import open_unjudged
from lmtx_search.evaluation.comparators.untrained import Untrained, read_untrained
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.training.settings import FineTuning, TrainingSettings
from tests.support.tiny_encoder import DIMENSION, make_tiny_encoder

DOCUMENTS = [
    Document(f"d{n}", f"A title {n}\nsome text of ten words that goes on for {n}") for n in range(8)
]
LABELS = [Label("chess", "chess"), Label("mail", "electronic mail", synonyms=("letters",))]


@pytest.fixture
def context(tmp_path: Path) -> ComparisonContext:
    """A context whose encoder is a tiny real one."""
    folder = make_tiny_encoder(tmp_path / "tiny")
    # What makes a folder an encoder to the settings.
    (folder / "config.json").write_text(json.dumps({"hidden_size": DIMENSION}))
    (folder / "model.safetensors").touch()
    settings = Settings(encoder={"name": str(folder)})  # type: ignore[arg-type]
    documents = [Document("a", "a chess board"), Document("b", "letters"), Document("c", "zzz")]

    def untrained(progress: Progress) -> Untrained:
        encoder = load_encoder(settings, max_tokens=64)
        return read_untrained(encoder, encoder, ONE_WINDOW, LABELS, documents, DOCUMENTS, progress)

    return ComparisonContext(
        settings=settings,
        client=None,
        labels=LABELS,
        documents=documents,
        training=DOCUMENTS,
        learn_from=DOCUMENTS,
        learn_gold=None,
        run=None,
        tuning=FineTuning(batch_size=4, epochs=2),
        shortlist=2,
        retrieval="dense",
        centered=False,
        spared=True,
        judged=2,
        prompt="librarian",
        seed=0,
        label_index=lambda: "lmtx-labels",
        untrained=untrained,
        unjudged=open_unjudged(
            settings, TrainingSettings(), LABELS, DOCUMENTS, [], tmp_path / "unjudged"
        ),
        folder=tmp_path / "work",
    )
