"""The encoder without torch gives what sentence-transformers gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings

pytestmark = pytest.mark.integration

TEXTS = [
    "A web browser.",
    "chess",
    "Bibliothek für Zahlen und 数学",
    "A long description of a program that draws maps of the world. " * 20,
]


@pytest.fixture
def encoder(settings: Settings) -> OnnxEncoder:
    return load_encoder(settings, max_tokens=48)


def test_embeddings_are_those_of_sentence_transformers(
    encoder: OnnxEncoder, encoder_folder: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(encoder_folder), device="cpu")
    model.max_seq_length = 48
    expected = np.asarray(model.encode(TEXTS, normalize_embeddings=True))
    assert np.min(np.sum(encoder.encode(TEXTS) * expected, axis=1)) > 0.9999


def test_what_separates_two_words_is_a_blank(encoder: OnnxEncoder) -> None:
    plain, *others = encoder.encode([f"Annual{one}Report" for one in " \x0b\x0c\x85\u200b\ufffc"])
    assert all((other == plain).all() for other in others)


def test_what_the_quantised_form_gives_does_not_depend_on_a_texts_neighbours(
    settings: Settings,
) -> None:
    small = load_encoder(settings, max_tokens=48, precision="int8")
    alone = np.concatenate([small.encode([text]) for text in TEXTS])
    assert np.array_equal(small.encode(TEXTS), alone)


def test_the_quantised_form_stays_close(encoder: OnnxEncoder, settings: Settings) -> None:
    small = load_encoder(settings, max_tokens=48, precision="int8")
    assert np.min(np.sum(small.encode(TEXTS) * encoder.encode(TEXTS), axis=1)) > 0.95


def test_results_keep_the_callers_order_whatever_the_batches(encoder: OnnxEncoder) -> None:
    texts = TEXTS * 5
    together = encoder.encode(texts, batch_size=3)
    alone = np.vstack([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_every_embedding_has_length_one(encoder: OnnxEncoder) -> None:
    lengths = np.linalg.norm(encoder.encode([*TEXTS, "", " ", "x"]), axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-5)


def test_no_texts_give_no_rows(encoder: OnnxEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_text_beyond_the_limit_is_not_read(encoder: OnnxEncoder) -> None:
    start = "word " * 200
    first, second = encoder.encode([start + "one", start + "two " * 1_000_000])
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_half_a_surrogate_pair_is_no_error(encoder: OnnxEncoder) -> None:
    assert encoder.encode(["broken \ud83d text"]).shape == (1, encoder.dimension)


def test_each_run_is_reported(encoder: OnnxEncoder) -> None:
    done: list[int] = []
    encoder.encode(TEXTS, batch_size=3, on_batch=done.append)
    assert done == [3, 1]


def test_a_missing_model_is_one_clear_line(encoder: OnnxEncoder, tmp_path: Path) -> None:
    for name in ("encoder.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((encoder.folder / name).read_bytes())
    with pytest.raises(UserError, match=r"model\.onnx is missing"):
        OnnxEncoder(tmp_path, 32)


def test_a_cached_form_needs_no_torch(encoder: OnnxEncoder, settings: Settings) -> None:
    program = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from pathlib import Path\n"
        "from lmtx_search.encoder.load import onnx_form\n"
        "from lmtx_search.encoder.onnx import OnnxEncoder\n"
        "folder = onnx_form(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(OnnxEncoder(folder, 16).encode(['x']).shape)"
    )
    words = [settings.encoder.name, str(settings.cache_dir)]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True)
    assert done.stdout.strip() == f"(1, {encoder.dimension})", done.stderr
