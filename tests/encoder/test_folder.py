"""Where an encoder comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lmtx_search.encoder.folder import encoder_digest, resolve_encoder
from lmtx_search.encoder.form import OnnxForm
from lmtx_search.encoder.passages import (
    PASSAGE_FORM,
    label_passage,
    passage_tokens,
    passages_digest,
)
from lmtx_search.errors import UserError
from lmtx_search.records import Label


def make_folder(folder: Path) -> Path:
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    modules = [
        {"type": "sentence_transformers.models.Transformer", "path": ""},
        {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text("{}")
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
    "file",
    [
        "tokenizer_config.json",
        "config_sentence_transformers.json",
        "special_tokens_map.json",
        "1_Pooling/config.json",
    ],
)
def test_the_digest_follows_every_file_that_changes_an_embedding(tmp_path: Path, file: str) -> None:
    folder = make_folder(tmp_path / "encoder")
    before = encoder_digest(folder)
    (folder / file).write_text('{"model_max_length": 256}')
    assert encoder_digest(folder) != before


def test_the_digest_leaves_out_what_lies_beside_the_encoder(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "encoder")
    before = encoder_digest(folder)
    (folder / "README.md").write_text("about the encoder")
    (folder / "checkpoint-500").mkdir()
    (folder / "checkpoint-500" / "model.safetensors").write_bytes(b"earlier weights")
    assert encoder_digest(folder) == before


def test_an_onnx_form_says_what_it_was_made_from(tmp_path: Path) -> None:
    form = OnnxForm(digest="d", dimension=4, max_tokens=512, pad_id=1)
    form.write(tmp_path)
    assert OnnxForm.read(tmp_path) == form


def test_an_onnx_form_of_an_earlier_release_has_no_prompts(tmp_path: Path) -> None:
    earlier = {"digest": "d", "dimension": 4, "max_tokens": 512, "pad_id": 1}
    (tmp_path / "encoder.json").write_text(json.dumps(earlier))
    assert OnnxForm.read(tmp_path) == OnnxForm(**earlier, document_prompt="")


def test_a_damaged_onnx_form_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "encoder.json").write_text("{}")
    with pytest.raises(UserError, match=r"encoder\.json lacks"):
        OnnxForm.read(tmp_path)


def test_a_label_is_read_with_its_synonyms_and_without_its_description() -> None:
    label = Label("1", " Chess", "A board game.", ("chess game", " "))
    assert label_passage(label) == "Chess, chess game"
    assert label_passage(Label("2", "Go")) == "Go"


def test_everything_that_affects_a_labels_embedding_changes_its_digest() -> None:
    ways = (("d", 64, ""), ("d", 32, ""), ("e", 64, ""), ("d", 64, "query: "), ("d", 64, "q: "))
    digests = [passages_digest(*way) for way in ways]
    assert digests == [passages_digest(*way) for way in ways]
    assert len(set(digests)) == len(ways)
    assert [passage_tokens(digest) for digest in digests] == [64, 32, 64, 64, 64]


def test_labels_of_an_encoder_without_a_prompt_are_not_embedded_anew() -> None:
    # The digest that label indices of earlier releases have.
    assert passages_digest("d", 64, "") == f"d-{PASSAGE_FORM}-64"
