"""Embeddings in bfloat16 are those of fp32, to three digits."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.encoder import bf16, session
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings

pytestmark = pytest.mark.integration

has_openvino = pytest.mark.skipif(
    find_spec("openvino") is None, reason="OpenVINO is not made for this system"
)

TEXTS = ["chess", "A program that draws maps. " * 30, "Bibliothek für 数学", ""]


@pytest.fixture(autouse=True)
def a_processor_with_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "multiplies_bf16", lambda: True)
    monkeypatch.setattr(bf16, "multiplies_bf16", lambda: True)
    bf16.suits_bf16.cache_clear()


@pytest.fixture
def form(settings: Settings) -> Path:
    """The ONNX form of the real all-MiniLM-L6-v2."""
    return load_encoder(settings, max_tokens=48, precision="fp32").folder


def cosines(form: Path, texts: list[str]) -> np.ndarray:
    given = OnnxEncoder(form, 48, precision="bf16").encode(texts)
    return np.sum(given * OnnxEncoder(form, 48).encode(texts), axis=1)


@has_openvino
def test_embeddings_are_those_of_fp32(form: Path) -> None:
    assert np.min(cosines(form, TEXTS)) > 0.9999


@has_openvino
def test_a_texts_neighbours_hardly_matter(form: Path) -> None:
    encoder = OnnxEncoder(form, 48, precision="bf16")
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.min(np.sum(encoder.encode(TEXTS) * alone, axis=1)) > 0.9999


@has_openvino
def test_two_threads_get_what_they_asked_for(form: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    encoder = OnnxEncoder(form, 48, precision="bf16")
    expected = [encoder.encode([text]) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: encoder.encode([text]), TEXTS * 20))
    for place, one in enumerate(found):
        np.testing.assert_array_equal(one, expected[place % len(TEXTS)])


@has_openvino
def test_nothing_is_reported_to_its_makers(form: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from lmtx_search.encoder.onnx import OnnxEncoder\n"
        f"OnnxEncoder(Path({str(form)!r}), 48, precision='bf16').encode(['chess'])\n"
        "assert 'openvino' in sys.modules\n"
        "print(sys.modules['openvino_telemetry'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "None\n"


@has_openvino
def test_a_file_that_is_no_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match=r"OpenVINO cannot load .*model\.onnx: ") as refused:
        session.open_session(tmp_path / "model.onnx", 1, "bf16")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("find_spec", lambda name: None), ("multiplies_bf16", lambda: False)],
    ids=["no OpenVINO", "no bf16"],
)
def test_where_bf16_is_not_fast_documents_are_read_in_fp32(
    form: Path, name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, name, value)
    given = OnnxEncoder(form, 48, precision="bf16").encode(TEXTS)
    np.testing.assert_array_equal(given, OnnxEncoder(form, 48).encode(TEXTS))


@has_openvino
def test_it_suits_the_default_encoder(form: Path, settings: Settings) -> None:
    assert bf16.suits_bf16(form)
    chosen = load_encoder(settings, max_tokens=48).encode(TEXTS)
    np.testing.assert_array_equal(chosen, OnnxEncoder(form, 48, precision="bf16").encode(TEXTS))


@has_openvino
def test_an_encoder_that_it_changes_is_read_in_another_precision(
    form: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bf16, "_FAITHFUL", 1.1)
    assert not bf16.suits_bf16(form)
    chosen = load_encoder(settings, max_tokens=48).encode(TEXTS)
    np.testing.assert_array_equal(chosen, OnnxEncoder(form, 48).encode(TEXTS))
