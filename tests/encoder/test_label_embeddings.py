"""What a label's embedding is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Label
from tests.support.tiny_encoder import make_tiny_encoder

GO, CHESS = Label("1", "mail"), Label("2", "chess", synonyms=("web", "plays"))


@pytest.fixture
def encoder(tmp_path: Path) -> OnnxEncoder:
    return OnnxEncoder(make_tiny_encoder(tmp_path / "tiny"), 64)


def test_a_label_without_synonyms_is_its_name(encoder: OnnxEncoder) -> None:
    assert embed_labels(encoder, [GO]) == pytest.approx(encoder.encode(["mail"]))


def test_a_label_with_synonyms_is_between_its_name_and_all_its_words(
    encoder: OnnxEncoder,
) -> None:
    name, words = encoder.encode(["chess", "chess, web, plays"])
    (found,) = embed_labels(encoder, [CHESS])
    assert np.linalg.norm(found) == pytest.approx(1)
    assert found @ name == pytest.approx(found @ words)
    assert found @ name > name @ words


def test_labels_are_counted_once(encoder: OnnxEncoder) -> None:
    done: list[int] = []
    assert embed_labels(encoder, [GO, CHESS, GO], done.append).shape[0] == 3
    assert sum(done) == 3
