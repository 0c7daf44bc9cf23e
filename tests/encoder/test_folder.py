"""Where an encoder comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lmtx_search.encoder.export import pooling_mode
from lmtx_search.encoder.folder import encoder_digest, resolve_encoder
from lmtx_search.encoder.form import OnnxForm
from lmtx_search.encoder.passages import label_passage, passages_digest
from lmtx_search.errors import UserError
from lmtx_search.records import Label


def make_folder(folder: Path, pooling: dict[str, object] | None = None) -> Path:
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    modules = [
        {"type": "sentence_transformers.models.Transformer", "path": ""},
        {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling or {}))
    return folder


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "encoder")
    assert resolve_encoder(str(folder), tmp_path / "cache") == folder


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no encoder folder"):
        resolve_encoder(str(tmp_path / "none"), tmp_path)


def test_pickled_weights_are_not_taken(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "encoder")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="safetensors"):
        resolve_encoder(str(folder), tmp_path)


def test_a_public_name_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither a folder nor a public"):
        resolve_encoder("not a name!", tmp_path)


def test_the_digest_follows_the_weights_and_not_the_place(tmp_path: Path) -> None:
    first, second = make_folder(tmp_path / "a"), make_folder(tmp_path / "b")
    assert encoder_digest(first) == encoder_digest(second)
    (second / "model.safetensors").write_bytes(b"other")
    assert encoder_digest(first) != encoder_digest(second)


@pytest.mark.parametrize(
    ("config", "mode"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True, "include_prompt": True}, "cls"),
        ({"pooling_mode": "mean", "embedding_dimension": 384}, "mean"),
    ],
)
def test_the_pooling_is_read_from_the_folder(
    tmp_path: Path, config: dict[str, object], mode: str
) -> None:
    assert pooling_mode(make_folder(tmp_path / "encoder", config)) == mode


def test_another_pooling_is_one_clear_line(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "encoder", {"pooling_mode_max_tokens": True})
    with pytest.raises(UserError, match="pools by max"):
        pooling_mode(folder)


def test_another_module_is_one_clear_line(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "encoder")
    (folder / "modules.json").write_text('[{"type": "x.Dense", "path": "2_Dense"}]')
    with pytest.raises(UserError, match=r"x\.Dense"):
        pooling_mode(folder)


def test_an_onnx_form_says_what_it_was_made_from(tmp_path: Path) -> None:
    form = OnnxForm(digest="d", dimension=4, max_tokens=512, pad_id=1)
    form.write(tmp_path)
    assert OnnxForm.read(tmp_path) == form


def test_a_damaged_onnx_form_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "encoder.json").write_text("{}")
    with pytest.raises(UserError, match=r"encoder\.json lacks"):
        OnnxForm.read(tmp_path)


def test_a_label_is_read_with_its_synonyms_and_without_its_description() -> None:
    label = Label("1", " Chess", "A board game.", ("chess game", " "))
    assert label_passage(label) == "Chess, chess game"
    assert label_passage(Label("2", "Go")) == "Go"


def test_everything_that_affects_a_labels_embedding_changes_its_digest() -> None:
    assert passages_digest("d", 64) == passages_digest("d", 64)
    assert len({passages_digest("d", 64), passages_digest("d", 32), passages_digest("e", 64)}) == 3
