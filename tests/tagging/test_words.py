"""A tagger whose score is encoder and words together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.windows import WindowPooling, Windows
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.ranking import LabelSearch
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import SCHEMA, TaggerVersion
from lmtx_search.words.weights import WordWeights
from tests.support.tiny_encoder import DIMENSION
from tests.support.tiny_tagger import IMPORTANCE, LABELS, TEXTS, WITH_PAIRS, version_of

WEIGHTS = WordWeights(0.3, 0.1, 0.2)
# Importance of "chess" and "plays".
CHESS, PLAYS = float(IMPORTANCE[1]), float(IMPORTANCE[5])


def scores(version: TaggerVersion, text: str) -> dict[str, float]:
    return {tag.name: tag.score for tag in Tagger(version).tag([text])[0]}


def test_the_score_is_the_cosine_and_the_evidence_from_words(tmp_path: Path) -> None:
    without = version_of(tmp_path / "without", threshold=0.0)
    version = version_of(tmp_path / "with", threshold=0.0, words=WEIGHTS)
    words = 0.3 * CHESS / np.hypot(CHESS, PLAYS) + 0.1 + 0.2
    expected = scores(without, "plays chess")["chess"] + words
    assert scores(version, "plays chess")["chess"] == pytest.approx(expected, abs=2e-4)
    assert scores(version, "chess")["chess"] == pytest.approx(1.6, abs=2e-4)


def test_the_prompt_of_documents_is_no_evidence(tmp_path: Path) -> None:
    without = version_of(tmp_path / "without", threshold=0.0, prompt="web: ")
    version = version_of(tmp_path / "with", threshold=0.0, words=WEIGHTS, prompt="web: ")
    assert scores(version, "mail")["web"] == scores(without, "mail")["web"]
    evidence = scores(version, "mail")["mail"] - scores(without, "mail")["mail"]
    words, pair = np.hypot(2, 1.5), 4.0
    of_pair = 0.3 * np.hypot(words, pair) / words
    assert evidence == pytest.approx(of_pair + 0.1 + 0.2, abs=2e-4)


def test_a_version_keeps_how_words_count(tmp_path: Path) -> None:
    made = version_of(tmp_path, words=WEIGHTS)
    read = TaggerVersions(tmp_path).get(made.manifest.version)
    assert read.manifest.words == WEIGHTS
    words = read.words(len(IMPORTANCE))
    assert words is not None
    assert words.importance.words.tolist() == IMPORTANCE.tolist()
    pairs, expected = words.importance.pairs, WITH_PAIRS.pairs
    assert pairs is not None
    assert expected is not None
    assert (pairs.keys.tolist(), pairs.values.tolist()) == (
        expected.keys.tolist(),
        expected.values.tolist(),
    )
    assert pairs.of_others == expected.of_others


def test_an_offset_of_a_label_is_part_of_its_score(tmp_path: Path) -> None:
    without = version_of(tmp_path / "without", threshold=0.0, words=WEIGHTS)
    version = version_of(tmp_path / "with", threshold=0.0, words=WEIGHTS, offsets={"1": -0.25})
    change = scores(version, "plays chess")["chess"] - scores(without, "plays chess")["chess"]
    assert change == pytest.approx(-0.25, abs=2e-4)


def test_a_version_keeps_the_offsets_of_labels(tmp_path: Path) -> None:
    made = version_of(tmp_path, words=WEIGHTS, offsets={"1": -0.25})
    read = TaggerVersions(tmp_path).get(made.manifest.version).words(len(IMPORTANCE))
    assert read is not None
    assert read.offsets == {"1": -0.25}


def test_a_damaged_file_of_offsets_is_one_clear_line(tmp_path: Path) -> None:
    made = version_of(tmp_path, words=WEIGHTS)
    (made.folder / "label_offsets.json").write_text("[")
    with pytest.raises(UserError, match=r"label_offsets\.json is damaged .*: deploy again"):
        made.words(len(IMPORTANCE))


def test_a_version_of_an_earlier_release_tags_by_the_encoder_alone(tmp_path: Path) -> None:
    made = version_of(tmp_path, threshold=0.0)
    manifest = made.folder / "manifest.json"
    values = json.loads(manifest.read_text())
    del values["words"]
    manifest.write_text(json.dumps({**values, "schema": 2}))
    read = TaggerVersions(tmp_path).get(made.manifest.version)
    assert not (read.folder / "words.npy").exists()
    assert Tagger(read).tag(TEXTS) == Tagger(made).tag(TEXTS)
    assert scores(read, "chess")["chess"] == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("damage", ["removed", "cut", "another size"])
def test_a_damaged_file_of_words_is_one_clear_line(tmp_path: Path, damage: str) -> None:
    version = version_of(tmp_path, words=WEIGHTS)
    file = version.folder / "words.npy"
    if damage == "removed":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-9])
    else:
        np.save(file, IMPORTANCE[1:])
    with pytest.raises(UserError, match=r"words\.npy is .*: deploy again"):
        Tagger(version)


def test_a_pair_of_a_name_raises_its_score_where_a_text_has_it(tmp_path: Path) -> None:
    labels = [*LABELS, Label("5", "plays chess")]
    version = version_of(tmp_path / "with", threshold=0.0, words=WEIGHTS, labels=labels, max_tags=5)
    without = version_of(tmp_path / "without", threshold=0.0, labels=labels, max_tags=5)
    words, pair = np.hypot(PLAYS, CHESS), 3.0
    of_pair = 0.3 * np.hypot(words, pair) / words + 0.1 + 0.2
    found = scores(version, "plays chess")["plays chess"]
    expected = scores(without, "plays chess")["plays chess"] + of_pair
    assert found == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("damage", ["removed", "cut", "unordered"])
def test_a_damaged_file_of_pairs_is_one_clear_line(tmp_path: Path, damage: str) -> None:
    version = version_of(tmp_path, words=WEIGHTS)
    file = version.folder / "word_pairs.npz"
    if damage == "removed":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-9])
    else:
        values = np.ones(2, dtype=np.float32)
        np.savez(file, keys=np.array([7, 3]), values=values, of_others=np.float32(1))
    with pytest.raises(UserError, match=r"word_pairs\.npz is damaged .*: deploy again"):
        Tagger(version)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_words_are_those_of_all_windows_of_a_document(
    tmp_path: Path, pooling: WindowPooling
) -> None:
    labels = [Label("1", "chess web"), Label("2", "mail")]
    version = version_of(tmp_path, threshold=0.0, labels=labels, words=WordWeights(0, 0, 5))
    windows = replace(version.manifest, windows=Windows(2, pooling))
    two = TaggerVersion(version.folder, windows)
    text = "chess " * 8 + "web " * 8 + "mail " * 8
    assert max(scores(version, text).values()) < 5
    found = scores(two, text)
    assert found["chess web"] > 5 > found.get("mail", 0)
    assert explain(Tagger(two), text)[0].score == pytest.approx(found["chess web"], abs=2e-4)


def test_synonyms_and_changed_labels_count_at_once(tmp_path: Path) -> None:
    version = version_of(tmp_path, threshold=0.0, words=WordWeights(0, 0, 5))
    tagger = Tagger(version)
    assert not any(tag.score > 5 for tag in tagger.tag(["plays and"])[0])
    digest = version.manifest.encoder_digest
    chess = version.embeddings()[:1]
    write_change(version.folder, digest, [Label("1", "go", "", ("and plays",))], chess, [])
    (first, *_) = tagger.tag(["plays and"])[0]
    assert (first.name, first.score > 4) == ("go", True)
    write_change(version.folder, digest, [Label("1", "go")], chess, ["2"])
    assert "go" not in {tag.name for tag in tagger.tag(["plays and"])[0] if tag.score > 4}


class NoIndex:
    """A label index that finds only one label, whatever it is asked for."""

    def __call__(
        self, encoder_digest: str, vectors: NDArray[np.float32], k: int
    ) -> list[list[tuple[str, float]]]:
        return [[("4", 0.9), ("unknown", 0.8)]] * len(vectors)


def test_labels_that_the_index_does_not_find_are_found_by_their_words(tmp_path: Path) -> None:
    version = version_of(tmp_path, threshold=0.5, words=WEIGHTS, offsets={"1": 0.1, "2": -0.1})
    searching = Tagger(version, search=LabelSearch(len(LABELS) - 1, NoIndex()))
    texts = ["plays chess", "web and mail", "a web", "", "☃"]
    assert searching.tag(texts) == Tagger(version).tag(texts)
    digest = version.manifest.encoder_digest
    puts = [Label("9", "plays"), Label("3", "x")]
    write_change(version.folder, digest, puts, version.embeddings()[[0, 0]], ["1"])
    tags = searching.tag(texts)
    assert tags == Tagger(version).tag(texts)
    assert tags[0][0].name == "plays"


def test_an_explanation_says_what_encoder_and_words_contribute(tmp_path: Path) -> None:
    labels = [Label("1", "chess", "", ("web and mail",)), *LABELS[1:]]
    version = version_of(
        tmp_path, threshold=0.0, labels=labels, words=WEIGHTS, offsets={"1": 0.125}
    )
    tagger = Tagger(version)
    found = {label.name: label for label in explain(tagger, "a mail and web")}
    for label in found.values():
        assert label.words is not None
        parts = label.cosine + label.words + label.offset
        assert label.score == pytest.approx(parts, abs=2e-4)
    assert [found["chess"].offset, found["mail"].offset] == [0.125, 0]
    assert found["chess"].found_words == "web and mail"
    assert found["mail"].found_words == "mail"
    assert [label.found_words for label in explain(tagger, "plays")] == [""] * len(labels)


def test_an_explanation_of_an_encoder_alone_has_no_words(tmp_path: Path) -> None:
    (found, *_) = explain(Tagger(version_of(tmp_path)), "chess")
    assert (found.words, found.found_words) == (None, "")
    assert found.cosine == found.score


def test_no_text_and_no_word_is_no_error(tmp_path: Path) -> None:
    version = version_of(tmp_path, threshold=0.0, words=WEIGHTS)
    tags = Tagger(version).tag(["", " ", "☃ …", "a " * 999])
    assert tags[:2] == [[], []]
    assert OnnxEncoder(version.encoder_folder, 8).encode(["x"]).shape == (1, DIMENSION)


def test_a_version_of_an_earlier_release_reads_words_where_its_encoder_reads(
    tmp_path: Path,
) -> None:
    made = version_of(tmp_path, words=WordWeights(0.3, 0.1, 0.2), word_windows=3)
    file = made.folder / "manifest.json"
    values = json.loads(file.read_text())
    assert values["schema"] == SCHEMA
    del values["word_windows"]
    file.write_text(json.dumps({**values, "schema": 5}))
    earlier = TaggerVersions(tmp_path).get(made.manifest.version)
    text = "chess " * 8 + "web"
    of_now, of_earlier = (
        {tag.name: tag.score for tag in Tagger(version).tag([text])[0]}
        for version in (made, earlier)
    )
    assert of_now["chess"] > of_earlier["chess"] - 0.5
    assert "web" in of_now
    assert "web" not in of_earlier


def test_no_pairs_count_in_a_version_of_an_earlier_release(tmp_path: Path) -> None:
    made = version_of(tmp_path, threshold=0.0, words=WEIGHTS)
    file = made.folder / "manifest.json"
    values = json.loads(file.read_text())
    del values["word_pairs"]
    file.write_text(json.dumps({**values, "schema": 6}))
    earlier = TaggerVersions(tmp_path).get(made.manifest.version)
    assert scores(made, "mail")["mail"] > scores(earlier, "mail")["mail"] + 0.1
