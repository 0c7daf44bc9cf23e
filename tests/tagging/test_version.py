"""Tagger versions on disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.codec import Vectors
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.label_digests import digests_of
from lmtx_search.errors import UserError
from lmtx_search.records import Label, labels_digest, unique_names
from lmtx_search.settings import OpenSearchSettings, load_settings
from lmtx_search.tagging.retagging import _changed_at
from lmtx_search.tagging.versions.contents import TaggingRule, VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.label_sync import no_vectors, sync_labels
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

LABELS = [Label("a", "Chess", "A game", ("schach",)), Label("b", "Go"), Label("c", "Go")]


def make(data_dir: Path, untested: bool = False, others: Sequence[str] = ()) -> TaggerVersion:
    onnx = data_dir / "onnx"
    onnx.mkdir(parents=True, exist_ok=True)
    for name in ("encoder.json", "tokenizer.json", "model.onnx"):
        (onnx / name).write_text(name)
    return TaggerVersions(data_dir).create(
        VersionEncoder(
            onnx_folder=onnx,
            name="tiny",
            digest="digest",
            precision="fp32",
            document_tokens=128,
            run="run-1",
        ),
        VersionLabels(
            labels=LABELS,
            embeddings=np.eye(3, 4, dtype=np.float32),
        ),
        TaggingRule(
            threshold=0.4,
            max_tags=5,
        ),
        untested=untested,
        others=others,
    )


def test_a_version_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    made = make(tmp_path)
    found = TaggerVersions(tmp_path).get(made.manifest.version)
    assert found.manifest == made.manifest
    assert list(found.labels()) == LABELS
    np.testing.assert_array_equal(found.embeddings(), np.eye(3, 4, dtype=np.float32))
    assert (found.encoder_folder / "model.onnx").read_text() == "model.onnx"


def test_versions_are_listed_by_age_and_half_made_ones_are_not(tmp_path: Path) -> None:
    versions = TaggerVersions(tmp_path)
    assert versions.names() == []
    # Within one second, too: a rollback goes to the one made before.
    made = [make(tmp_path).manifest.version for _ in range(5)]
    (versions.folder / ".making-x").mkdir()
    assert versions.names() == made
    latest = versions.latest()
    assert latest is not None
    assert latest.manifest.version == made[-1]


def test_a_version_is_later_than_those_of_machines_whose_clocks_are_ahead(tmp_path: Path) -> None:
    elsewhere = ["20990101-000000-abcdef", "20980101-000000-abcdef", "zz-no-version"]
    assert make(tmp_path, others=elsewhere).manifest.version.startswith("20990101-000001-")


def test_a_version_whose_deployment_was_not_finished_is_not_the_latest(tmp_path: Path) -> None:
    good = make(tmp_path)
    make(tmp_path, untested=True)
    latest = TaggerVersions(tmp_path).latest()
    assert latest is not None
    assert latest.manifest.version == good.manifest.version


def test_nothing_is_left_of_a_version_that_could_not_be_written(tmp_path: Path) -> None:
    made = make(tmp_path)
    (tmp_path / "onnx" / "model.onnx").unlink()
    (tmp_path / "onnx" / "model.onnx").mkdir()
    with pytest.raises(OSError, match="onnx"):
        TaggerVersions(tmp_path).create(
            VersionEncoder(
                onnx_folder=tmp_path / "onnx",
                name="tiny",
                digest="digest",
                precision="fp32",
                document_tokens=128,
            ),
            VersionLabels(
                labels=LABELS,
                embeddings=np.eye(3, 4, dtype=np.float32),
            ),
            TaggingRule(
                threshold=0.4,
                max_tags=5,
            ),
        )
    assert [path.name for path in (tmp_path / "taggers").iterdir()] == [made.manifest.version]


@pytest.mark.parametrize("name", ["none", "../other", "", "20260101-000000-abcdef"])
def test_a_version_that_is_not_there_is_one_clear_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="no tagger version"):
        TaggerVersions(tmp_path).get(name)


def test_a_label_is_called_by_its_text_and_by_its_id_where_texts_are_shared() -> None:
    texts, ids = [label.text for label in LABELS], [label.id for label in LABELS]
    assert unique_names(texts, ids) == ["Chess", "Go (b)", "Go (c)"]


def test_no_two_labels_are_called_the_same() -> None:
    texts = ["Go", "Go", "Go (b)", "Go (b) (b)"]
    assert len(set(unique_names(texts, ["b", "c", "x", "y"]))) == 4


def test_labels_with_one_id_cannot_be_told_apart() -> None:
    with pytest.raises(UserError, match="the label id b comes twice"):
        unique_names(["Go", "Go"], ["b", "b"])


def test_a_label_sets_digest_follows_its_contents() -> None:
    assert labels_digest(LABELS) == labels_digest(list(LABELS))
    assert labels_digest(LABELS) != labels_digest(LABELS[:2])


def test_a_version_that_was_never_tested_is_there_but_not_finished(tmp_path: Path) -> None:
    versions = TaggerVersions(tmp_path)
    tested = make(tmp_path).manifest.version
    untested = make(tmp_path, untested=True).manifest.version
    assert versions.names() == [tested, untested]
    assert versions.finished() == [tested]
    versions.finish(untested)
    assert versions.finished() == [tested, untested]


def test_the_time_of_a_change_is_after_the_embedding_and_retag_adds_what_a_request_takes(
    tmp_path: Path,
) -> None:
    version = make(tmp_path)
    steps: list[str] = []
    changed = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)

    def embed(labels: Sequence[Label]) -> Vectors:
        steps.append("embed")
        return no_vectors(4)

    def clock() -> datetime:
        steps.append("clock")
        return changed

    there = version.label_digests()
    del there["c"]
    index = LabelIndex(connect(OpenSearchSettings(url="http://127.0.0.1:1")))
    assert _changed_at(version) is None
    assert sync_labels(version, load_settings(), index, there, clock, embed) == (0, 1)
    assert steps == ["embed", "clock"]
    # A connector waits five seconds to connect and sixty to read.
    assert _changed_at(version) == (changed + timedelta(seconds=65)).isoformat()


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    kept = make(tmp_path).manifest.version
    # Of an earlier release, of a deployment to this cluster, and of one to another cluster.
    for name in (".making-x1y2z3_4", ".making-here-x1y2z3_4", ".making-there-x1y2z3_4"):
        (tmp_path / "taggers" / name / "encoder").mkdir(parents=True)
    TaggerVersions(tmp_path).remove_partial("here")
    left = {path.name for path in (tmp_path / "taggers").iterdir()}
    assert left == {kept, ".making-there-x1y2z3_4"}


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "of an earlier release"])
def test_the_digests_of_a_versions_labels_follow_their_changes(
    tmp_path: Path, stored: bool
) -> None:
    version = make(tmp_path)
    if not stored:
        (version.folder / "label_digests.json").unlink()
    assert version.label_digests() == digests_of(LABELS)
    changed, new = Label("a", "Chess", "Another game"), Label("d", "Draughts")
    vectors = np.eye(2, 4, dtype=np.float32)
    write_change(version.folder, "digest", [changed, new], vectors, ["b"])
    assert version.label_digests() == digests_of([changed, LABELS[2], new])
    assert version.label_digests() == digests_of(version.labels())


def test_damaged_digests_of_labels_are_one_clear_line(tmp_path: Path) -> None:
    version = make(tmp_path)
    (version.folder / "label_digests.json").write_text('{"a": 1}')
    with pytest.raises(UserError, match=r"label_digests\.json is damaged.*deploy again"):
        version.label_digests()
