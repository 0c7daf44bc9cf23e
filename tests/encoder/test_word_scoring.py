"""How words count beside an encoder: which words are common."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.word_scoring import word_scoring
from lmtx_search.records import Label
from lmtx_search.words.evidence import COMMON
from tests.support.tiny_encoder import WORDS, make_tiny_encoder

LABELS = [Label(f"l{number}", "web plays") for number in range(1000)]


@pytest.fixture
def encoder(tmp_path: Path) -> OnnxEncoder:
    return OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)


def importance_of(encoder: OnnxEncoder, word: str, texts: list[str]) -> float:
    return float(word_scoring(encoder, LABELS, texts, 1, 0.5).importance.words[WORDS.index(word)])


def test_a_word_of_all_documents_is_common_however_many_labels_there_are(
    encoder: OnnxEncoder,
) -> None:
    texts = ["a chess web"] * 10 + ["a chess"] * 11
    assert importance_of(encoder, "a", texts) == pytest.approx(COMMON)
    assert importance_of(encoder, "web", texts) > 1.5


def test_without_documents_the_names_of_labels_tell_which_words_are_common(
    encoder: OnnxEncoder,
) -> None:
    assert importance_of(encoder, "web", []) == pytest.approx(1)
    assert importance_of(encoder, "chess", []) > 5
