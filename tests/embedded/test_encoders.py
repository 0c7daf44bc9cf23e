"""The encoders that `up` downloads."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.embedded.models import prepare_encoder
from lmtx_search.embedded.wanted_models import wanted_encoder
from lmtx_search.encoder.folder import DOWNLOADED_ENCODERS, resolve_encoder
from lmtx_search.encoder.load import load_encoder
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings, load_settings

ENGLISH = [
    "The town library lends books and journals to its readers.",
    "The mountaineers reached the summit in a snowstorm.",
    "A program that plays chess against you.",
    "The parliament passed a law on the protection of the environment.",
]
GERMAN = [
    "Die Stadtbücherei verleiht Bücher und Zeitschriften an ihre Leser.",
    "Die Bergsteiger erreichten den Gipfel im Schneesturm.",
    "Ein Programm, das gegen dich Schach spielt.",
    "Das Parlament verabschiedete ein Gesetz zum Schutz der Umwelt.",
]


@pytest.fixture(scope="module")
def multilingual() -> tuple[Settings, Path]:
    """Settings with the multilingual encoder, which is downloaded, and its folder."""
    settings = load_settings(flags={"encoder.name": "multilingual-e5-small"})
    return settings, prepare_encoder(settings.cache_dir, name="multilingual-e5-small")


def test_every_short_name_is_pinned() -> None:
    listed = json.loads(files("lmtx_search.embedded").joinpath("models.json").read_text())
    assert tuple(listed["encoders"]) == DOWNLOADED_ENCODERS


@pytest.mark.parametrize("name", DOWNLOADED_ENCODERS)
def test_a_short_name_that_is_not_downloaded_names_the_command(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=rf"{name} is not on this machine yet: `lmtx-search up`"):
        resolve_encoder(name, tmp_path)


@pytest.mark.parametrize(
    ("named", "before", "wanted"),
    [
        (None, None, "all-MiniLM-L6-v2"),
        (None, "multilingual-e5-small", "multilingual-e5-small"),
        (None, "gone", "all-MiniLM-L6-v2"),
        ("multilingual-e5-small", None, "multilingual-e5-small"),
        ("{cache}/models/multilingual-e5-small", None, "multilingual-e5-small"),
        ("all-MiniLM-L6-v2", "multilingual-e5-small", "all-MiniLM-L6-v2"),
        ("sentence-transformers/all-MiniLM-L6-v2", "multilingual-e5-small", "all-MiniLM-L6-v2"),
        ("intfloat/multilingual-e5-base", "multilingual-e5-small", None),
    ],
)
def test_the_encoder_of_the_settings_is_downloaded_or_else_that_of_the_last_up(
    tmp_path: Path, named: str | None, before: str | None, wanted: str | None
) -> None:
    name = named and named.format(cache=tmp_path)
    settings = load_settings(flags={"cache_dir": tmp_path, "encoder.name": name})
    assert wanted_encoder(settings, before) == wanted


@pytest.mark.integration
def test_the_short_name_is_the_downloaded_folder(multilingual: tuple[Settings, Path]) -> None:
    settings, folder = multilingual
    assert resolve_encoder(settings.encoder.name, settings.cache_dir) == folder


@pytest.mark.integration
def test_a_damaged_file_is_downloaded_again(tmp_path: Path) -> None:
    folder = prepare_encoder(tmp_path, name="multilingual-e5-small")
    (folder / "model.safetensors").write_bytes(b"half")
    assert prepare_encoder(tmp_path, name="multilingual-e5-small") == folder
    assert (folder / "model.safetensors").stat().st_size > 400_000_000


@pytest.mark.integration
def test_a_translation_is_the_nearest_text(multilingual: tuple[Settings, Path]) -> None:
    encoder = load_encoder(multilingual[0], max_tokens=64)
    nearness = encoder.encode(GERMAN) @ encoder.encode(ENGLISH).T
    assert nearness.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert nearness.diagonal().min() > 0.85


@pytest.mark.integration
def test_its_onnx_form_gives_the_embeddings_of_torch(multilingual: tuple[Settings, Path]) -> None:
    from lmtx_search.encoder.torch_model import expected_embeddings, load_torch_model

    settings, folder = multilingual
    texts = GERMAN + ENGLISH
    documents = load_encoder(settings, max_tokens=64).encode(texts)
    labels = load_encoder(settings, max_tokens=64).encode_labels(texts)
    model = load_torch_model(folder)
    for found, prompt in ((documents, "passage: "), (labels, "query: ")):
        expected = expected_embeddings(model, texts, prompt, 64)
        assert np.sum(found * expected, axis=1).min() > 0.9999
