"""The names that labels had as tags, in the tagger versions of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.records import Label
from lmtx_search.tagging.versions.contents import TaggingRule, VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.label_names import find_names, names_by_label, names_of_existing
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

CHESS, GO = Label("q718", "chess"), Label("g", "Go")


def make(data_dir: Path, *labels: Label) -> TaggerVersion:
    onnx = data_dir / "onnx"
    onnx.mkdir(parents=True, exist_ok=True)
    for name in ("encoder.json", "tokenizer.json", "model.onnx"):
        (onnx / name).write_text(name)
    return TaggerVersions(data_dir).create(
        VersionEncoder(onnx, "tiny", "digest", "fp32", 128),
        VersionLabels(labels, np.eye(len(labels), 4, dtype=np.float32)),
        TaggingRule(threshold=0.4, max_tags=5),
    )


def change(version: TaggerVersion, puts: Sequence[Label], retired: Sequence[str] = ()) -> None:
    vectors = np.eye(len(puts), 4, dtype=np.float32)
    write_change(version.folder, "digest", puts, vectors, retired)


@pytest.mark.parametrize("later", [False, True], ids=["same version", "later version"])
def test_names_that_an_existing_label_had_belong_to_it_and_those_of_retired_ones_do_not(
    tmp_path: Path, later: bool
) -> None:
    version = make(tmp_path, CHESS, GO, Label("old", "Ludo"))
    renamed = Label("q718", "Chess game")
    change(version, [renamed], ["old"])
    if later:
        version = make(tmp_path, renamed, GO)
    names, notes = names_of_existing(TaggerVersions(tmp_path), version)
    assert {"chess", "Chess game", "Go"} <= names
    assert "Ludo" not in names
    assert notes == []


def test_a_tag_that_gained_or_lost_its_id_belongs_to_an_existing_label(tmp_path: Path) -> None:
    version = make(tmp_path, CHESS, GO)
    change(version, [Label("h", "Go")])
    assert {"Go", "Go (g)", "Go (h)"} <= names_of_existing(TaggerVersions(tmp_path), version)[0]
    change(version, [], ["h"])
    names, _ = names_of_existing(TaggerVersions(tmp_path), version)
    assert {"Go", "Go (g)"} <= names
    assert "Go (h)" not in names


def test_a_name_that_a_retired_label_had_too_is_kept(tmp_path: Path) -> None:
    version = make(tmp_path, GO)
    change(version, [Label("g", "Baduk")])
    change(version, [Label("h", "Go")])
    change(version, [], ["h"])
    names, _ = names_of_existing(TaggerVersions(tmp_path), version)
    assert "Baduk" in names
    assert "Go" not in names


def test_an_id_stands_for_all_names_in_earlier_versions_too(tmp_path: Path) -> None:
    versions = TaggerVersions(tmp_path)
    change(make(tmp_path, CHESS, GO), [Label("q718", "Chess game")], ["g"])
    make(tmp_path, Label("q718", "Board game"))
    found = find_names(versions, ["q718", "g", "Chess game", "q1"])
    assert {"chess", "Chess game", "Board game", "Go"} <= found.tags.keys()
    assert found.known == {"q718", "g", "Chess game"}


def test_an_earlier_name_is_that_of_the_only_label_that_had_it(tmp_path: Path) -> None:
    version = make(tmp_path, CHESS, GO, Label("m", "Mail"), Label("old", "Ludo"))
    change(version, [Label("q718", "Chess game"), Label("g", "Baduk"), Label("m", "Ludo")], ["old"])
    change(version, [Label("m", "Post"), Label("h", "Go")])
    texts = {"q718": "Chess game", "g": "Baduk", "m": "Post", "h": "Go"}
    now = LabelRows.of([*texts], [*texts.values()], np.empty((4, 0), np.float32))
    names, notes = names_by_label(TaggerVersions(tmp_path), now)
    assert {"Chess game", "chess"} <= set(names["q718"])
    assert names["q718"][0] == "Chess game"
    # Another label has the name now, and a retired one had it.
    assert ("Go" in names["g"], "Go" in names["h"], "Ludo" in names["m"]) == (False, True, False)
    assert {"Mail", "Post"} <= set(names["m"])
    assert notes == []


def test_a_version_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    damaged = make(tmp_path, CHESS)
    (damaged.folder / "labels.jsonl").write_text("{")
    version = make(tmp_path, GO)
    names, (note,) = names_of_existing(TaggerVersions(tmp_path), version)
    assert damaged.manifest.version in note
    assert "Go" in names


def test_names_of_another_clusters_labels_are_not_those_of_this_one(tmp_path: Path) -> None:
    other = make(tmp_path, Label("q718", "Schach")).manifest.version
    version = make(tmp_path, CHESS)
    versions = TaggerVersions(tmp_path)
    assert "Schach" not in names_of_existing(versions, version, [other])[0]
    assert "Schach" not in find_names(versions, ["q718"], [other]).tags
    assert names_by_label(versions, version.rows(), [other])[0] == {
        "q718": ("chess", "chess (q718)")
    }
