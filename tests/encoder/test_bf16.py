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


def test_without_openvino_documents_are_read_in_fp32(
    form: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    given = OnnxEncoder(form, 48, precision="bf16").encode(TEXTS)
    np.testing.assert_array_equal(given, OnnxEncoder(form, 48).encode(TEXTS))


def test_an_encoder_that_it_changes_is_read_in_another_precision(
    form: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bf16, "bf16_is_fast", lambda: True)
    monkeypatch.setattr(bf16, "_FAITHFUL", 1.1)
    bf16.suits_bf16.cache_clear()
    assert not bf16.suits_bf16(form)
    bf16.suits_bf16.cache_clear()


@pytest.mark.parametrize(
    ("installed", "units", "said"),
    [
        (None, True, "lmtx-search[openvino]"),
        (object(), False, "this processor has no units for bf16"),
        (object(), True, "changes the embeddings of this encoder too much"),
    ],
)
def test_why_bf16_is_refused(
    installed: object, units: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bf16, "find_spec", lambda name: installed)
    monkeypatch.setattr(bf16, "multiplies_bf16", lambda: units)
    assert said in bf16.no_bf16()
