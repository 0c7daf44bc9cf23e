"""Documents that are longer than what the encoder reads at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.windows import WindowPooling, Windows, best_of_windows, mean_of_windows
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.version import TaggerVersion
from tests.support.tiny_encoder import make_tiny_encoder
from tests.support.tiny_tagger import version_of

BEHIND = "a game " * 20 + "chess " * 90


def test_a_mean_is_of_a_texts_own_windows_and_has_length_one() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(mean_of_windows(vectors, [2, 1]), [[half, half], [0, 1]], atol=1e-6)


def test_the_best_labels_of_all_windows_are_each_a_label_once() -> None:
    rankings = [[(1, 0.9), (2, 0.8)], [(3, 0.85), (1, 0.2)], [(2, 0.1)]]
    assert best_of_windows(rankings, [2, 1], k=2) == [[(1, 0.9), (3, 0.85)], [(2, 0.1)]]


def test_windows_are_the_text_behind_each_other(tmp_path: Path) -> None:
    encoder = OnnxEncoder(version_of(tmp_path, threshold=0.0).encoder_folder, 16)
    texts = ["chess", BEHIND, ""]
    vectors, counts = encoder.encode_windows(texts, 3)
    assert counts == [1, 3, 1]
    np.testing.assert_allclose(vectors[[0, 1, 4]], encoder.encode(texts), atol=1e-6)
    done: list[int] = []
    encoder.encode_windows(texts, 3, on_batch=done.append)
    assert sum(done) == len(texts)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_what_comes_late_in_a_document_counts_where_it_is_read(
    tmp_path: Path, pooling: WindowPooling
) -> None:
    version = version_of(tmp_path, threshold=0.0)
    few = replace(version.manifest, document_tokens=32, max_tags=1)
    many = replace(few, windows=Windows(8, pooling))
    once, often = (Tagger(TaggerVersion(version.folder, m)) for m in (few, many))
    score = {name: tagger.tag([BEHIND])[0] for name, tagger in (("few", once), ("many", often))}
    assert score["many"][0].name == "chess"
    assert all(tag.name != "chess" for tag in score["few"])
    (found, *_) = explain(often, BEHIND)
    assert (found.name, found.score) == ("chess", pytest.approx(score["many"][0].score, abs=1e-3))


@pytest.mark.parametrize("prompt", ["", "plays: "])
def test_the_beginning_of_a_text_is_what_the_encoder_reads_of_it(
    tmp_path: Path, prompt: str
) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form", prompt), 8)
    text = "chess, " * 2 + "web " * 9
    (read,) = encoder.beginnings([text])
    assert text.startswith(read)
    assert encoder.tokenise([read], 1) == encoder.tokenise([text], 1)
    assert len(read.replace(",", " ,").split()) == 8 - len(prompt.split()) * 2
    assert encoder.beginnings(["", "chess"]) == ["", "chess"]
