"""How exact bf16 is for an encoder is measured once, and kept beside its ONNX form."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from lmtx_search.encoder.bf16 import cosine_to_fp32
from lmtx_search.encoder.form import OnnxForm
from lmtx_search.encoder.openvino_session import openvino_version
from tests.support.tiny_encoder import make_tiny_encoder

pytestmark = pytest.mark.skipif(
    find_spec("openvino") is None, reason="OpenVINO is not made for this system"
)


@pytest.fixture
def form(tmp_path: Path) -> Path:
    return make_tiny_encoder(tmp_path / "form")


@pytest.fixture
def kept(form: Path) -> Path:
    """The file of a form that was measured, with a cosine that no measurement gives."""
    assert cosine_to_fp32(form) == pytest.approx(1, abs=1e-3)
    file = form / "bf16.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "cosine": 0.25}))
    return file


def test_what_was_measured_is_not_measured_again(form: Path, kept: Path) -> None:
    assert cosine_to_fp32(form) == 0.25


def test_another_openvino_is_measured_again(form: Path, kept: Path) -> None:
    kept.write_text(kept.read_text().replace(openvino_version(), "2024.0"))
    assert cosine_to_fp32(form) > 0.9
    assert json.loads(kept.read_text())["openvino"] == openvino_version()


def test_another_encoder_in_the_folder_is_measured_again(form: Path, kept: Path) -> None:
    replace(OnnxForm.read(form), digest="1" * 64).write(form)
    assert cosine_to_fp32(form) > 0.9


@pytest.mark.parametrize("content", [b"", b'{"encoder": "00', b"[]", b"1", b"\xff"])
def test_a_damaged_file_is_replaced(form: Path, kept: Path, content: bytes) -> None:
    kept.write_bytes(content)
    assert cosine_to_fp32(form) > 0.9
    assert json.loads(kept.read_text())["cosine"] > 0.9


@pytest.mark.parametrize("cosine", ["[]", '"high"', "null"])
def test_a_cosine_that_is_no_number_is_measured_again(form: Path, kept: Path, cosine: str) -> None:
    kept.write_text(kept.read_text().replace("0.25", cosine))
    assert cosine_to_fp32(form) > 0.9


def test_where_nothing_can_be_written_it_is_measured_each_time(form: Path) -> None:
    (form / "bf16.json").mkdir()
    assert [cosine_to_fp32(form) > 0.9 for _ in range(2)] == [True, True]


def test_a_model_that_cannot_be_loaded_is_tried_again(form: Path) -> None:
    whole = (form / "model.onnx").read_bytes()
    (form / "model.onnx").write_bytes(b"no model")
    assert cosine_to_fp32(form) == 0
    (form / "model.onnx").write_bytes(whole)
    assert cosine_to_fp32(form) > 0.9
