"""Labels that change under a tagger that is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.label_changes import LabelChange, read_changes, write_change
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from tests.conftest import Run
from tests.support.live_tagger import bootstrap, deployed, tags_of
from tests.support.tagger_service import LABELS, running

ODD = ('Sun & rain: "😀" / a.b ' + "and more weather " * 20)[:300].strip()
EYE = np.eye(4, dtype=np.float32)


def rows() -> LabelRows:
    return LabelRows.of(["a", "b", "c"], ["Chess", "Go", "Go"], EYE[:3])


def change(puts: list[Label], vectors: Any, retired: list[str]) -> LabelChange:
    return LabelChange(7, "", puts, np.asarray(vectors, np.float32).reshape(-1, 4), retired)


def test_a_changed_label_keeps_its_row_and_a_new_one_comes_at_the_end() -> None:
    after = rows().after(change([Label("d", "New"), Label("a", "Old")], [EYE[3], EYE[2]], []))
    assert (after.ids, after.texts) == (["a", "b", "c", "d"], ["Old", "Go", "Go", "New"])
    np.testing.assert_array_equal(after.embeddings, EYE[[2, 1, 2, 3]])
    assert after.change == 7


def test_a_retired_label_takes_its_row_with_it_and_leaves_the_name_to_its_twin() -> None:
    before = rows()
    after = before.after(change([], [], ["b", "unknown"]))
    assert (after.ids, after.names) == (["a", "c"], ["Chess", "Go"])
    np.testing.assert_array_equal(after.embeddings, EYE[[0, 2]])
    assert before.names == ["Chess", "Go (b)", "Go (c)"]


def test_changes_are_read_back_in_order_and_only_the_new_ones(tmp_path: Path) -> None:
    label = Label("x", "\u2028 odd", "d", ("s",))
    assert write_change(tmp_path, "e", [label], EYE[:1], []) == 1
    assert write_change(tmp_path, "e", [], np.empty((0, 4)), ["x"]) == 2
    first, second = read_changes(tmp_path, "e")
    assert (list(first.puts), list(first.retired)) == ([label], [])
    assert (list(second.puts), list(second.retired)) == ([], ["x"])
    assert [found.number for found in read_changes(tmp_path, "e", after=1)] == [2]


def test_another_encoders_embeddings_are_refused(tmp_path: Path) -> None:
    write_change(tmp_path, "one", [Label("x", "x")], EYE[:1], [])
    with pytest.raises(UserError, match="another encoder's embeddings"):
        list(read_changes(tmp_path, "two"))


@pytest.mark.parametrize("damage", ["", "{}\n", "[1]\n", '{"encoder": "e", "at": "x"}\n{}\n'])
def test_a_damaged_change_is_one_clear_line(tmp_path: Path, damage: str) -> None:
    write_change(tmp_path, "e", [Label("x", "x")], EYE[:1], [])
    (tmp_path / "changes" / "000001.jsonl").write_text(damage)
    with pytest.raises(UserError, match="is damaged"):
        list(read_changes(tmp_path, "e"))


@pytest.fixture
def cluster(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> Iterator[Any]:
    """A cluster with labels, and a tagger service."""
    bootstrap(client, settings, lmtx)
    with running(environment):
        yield client


@pytest.mark.integration
class TestOnTheCluster:
    def test_labels_change_under_a_tagger_that_goes_on(
        self, cluster: Any, settings: Settings, lmtx: Run, tmp_path: Path
    ) -> None:
        version = deployed(cluster, settings).version
        assert "Weather" not in tags_of(cluster, "the weather report")

        added = lmtx("labels", "add", "w/1", "Weather", "--description", "rain", "--synonym", "sky")
        assert added.returncode == 0, added.stderr
        assert f"The tagger {version} assigns it from its next document on" in added.stdout
        assert tags_of(cluster, "the weather report")[0] == "Weather"

        assert lmtx("labels", "rename", "w/1", ODD).returncode == 0
        assert tags_of(cluster, ODD)[0] == ODD
        (label,) = (label for label in LabelIndex(cluster).labels() if label.id == "w/1")
        assert label == Label("w/1", ODD, "rain", ("sky",))

        shown = lmtx("labels", "retire", "w/1", "--dry-run")
        assert "Would retire w/1" in shown.stdout
        asked = lmtx("labels", "retire", "w/1", "--json", input="n\n")
        assert asked.returncode == 1
        assert "To be retired: w/1" in asked.stderr
        assert lmtx("labels", "retire", "w/1", "--yes").returncode == 0
        assert ODD not in tags_of(cluster, ODD)
        assert _ids(cluster) == {label.id for label in LABELS}

        more = [{"id": "w/2", "text": "Weather"}, {"id": "web", "text": "Browser"}]
        (tmp_path / "more.jsonl").write_text("".join(json.dumps(one) + "\n" for one in more))
        loaded = lmtx("labels", "load", "more.jsonl")
        assert "1 labels created, 1 updated" in loaded.stdout
        assert f"The tagger {version} assigns 2 of these labels from now on" in loaded.stdout
        assert tags_of(cluster, "the weather report")[0] == "Weather"
        assert tags_of(cluster, "a web browser")[0] == "Browser"
        assert "assigns" not in lmtx("labels", "load", "more.jsonl").stdout

    @pytest.mark.usefixtures("cluster")
    def test_without_a_tagger_none_has_a_change(self, lmtx: Run, tmp_path: Path) -> None:
        edit = json.loads(lmtx("labels", "add", "w/1", "Weather", "--json").stdout)
        assert (edit["tagger"], edit["tagger_has_it"]) == (None, False)
        _write(tmp_path / "more.jsonl", [Label("w/2", "Rain")])
        loaded = json.loads(lmtx("labels", "load", "more.jsonl", "--json").stdout)
        assert (loaded["tagger"], loaded["tagger_has_them"]) == (None, False)

    def test_a_new_edition_retires_what_it_no_longer_has(
        self, cluster: Any, settings: Settings, lmtx: Run, tmp_path: Path
    ) -> None:
        version = deployed(cluster, settings).version
        assert "Chess" in tags_of(cluster, "a game of chess")
        _write(tmp_path / "new.jsonl", [label for label in LABELS if label.id != "game::chess"])
        load = ("labels", "load", "new.jsonl", "--retire-missing")
        before = _ids(cluster)

        shown = lmtx(*load, "--dry-run")
        assert "leave 4 unchanged and retire 1" in shown.stdout
        assert "Would retire game::chess (Chess)" in shown.stdout
        asked = lmtx(*load, input="")
        assert asked.returncode == 2
        assert "To be retired: game::chess (Chess)" in asked.stderr
        assert "Retire 1 of 5 labels?" in asked.stderr
        assert "nothing was changed, because standard input has no answer" in asked.stderr
        assert lmtx(*load, input="n\n").returncode == 1
        assert _ids(cluster) == before
        assert "Chess" in tags_of(cluster, "a game of chess")

        done = lmtx(*load, input="y\n")
        assert done.returncode == 0, done.stderr
        assert "4 unchanged, 1 retired" in done.stdout
        assert f"The tagger {version} no longer assigns 1 labels" in done.stdout
        assert _ids(cluster) == before - {"game::chess"}
        assert "Chess" not in tags_of(cluster, "a game of chess")

        again = json.loads(lmtx(*load, "--json").stdout)
        assert (again["retired"], again["kept"], again["unchanged"]) == ([], 0, 4)

    def test_most_labels_are_not_retired_without_a_yes(
        self, cluster: Any, settings: Settings, lmtx: Run, tmp_path: Path
    ) -> None:
        version = TaggerVersions(settings.data_dir).get(deployed(cluster, settings).version)
        _write(tmp_path / "other.jsonl", [LABELS[0], Label("new", "Weather")])
        load = ("labels", "load", "other.jsonl", "--retire-missing")
        refused = lmtx(*load, input="y\n")
        assert refused.returncode == 2
        assert "other.jsonl does not have 4 of the 5 labels that are loaded" in refused.stderr
        assert _ids(cluster) == {label.id for label in LABELS}
        assert list(version.changes()) == []

        report = json.loads(lmtx(*load, "--yes", "--json").stdout)
        assert set(report["retired"]) == {label.id for label in LABELS[1:]}
        assert _ids(cluster) == {"game::chess", "new"}
        (change,) = version.changes()
        assert set(change.retired) == set(report["retired"])

    def test_a_tagger_that_missed_a_retirement_has_it_with_the_same_command(
        self, cluster: Any, settings: Settings, lmtx: Run, tmp_path: Path
    ) -> None:
        version = TaggerVersions(settings.data_dir).get(deployed(cluster, settings).version)
        _write(tmp_path / "new.jsonl", LABELS[1:])
        # As after a kill between the label index and the tagger.
        edits.delete(cluster, LabelIndex(cluster).require().index, [LABELS[0].id])
        done = lmtx("labels", "load", "new.jsonl", "--retire-missing")
        assert f"{version.manifest.version} no longer assigns 1 labels" in done.stdout
        (change,) = version.changes()
        assert list(change.retired) == [LABELS[0].id]

    def test_what_cannot_be_changed_is_one_clear_line_and_changes_nothing(
        self, cluster: Any, settings: Settings, lmtx: Run
    ) -> None:
        version = TaggerVersions(settings.data_dir).get(deployed(cluster, settings).version)
        wrong = {
            ("add", "web", "Web"): "there is already a label web",
            ("add", "x", " "): "the label to add: field text: missing or empty",
            ("add", "x", "y" * 1025): "longer than 1,024 characters",
            ("rename", "none", "x"): "there is no label none",
            ("rename", "web", ""): "the new text: field text",
            ("retire", "web", "none"): "there is no label none: nothing was changed",
            ("retire", "--yes", *(label.id for label in LABELS)): "no label would remain",
        }
        for words, message in wrong.items():
            done = lmtx("labels", *words)
            assert (done.returncode, done.stderr.count("\n")) == (2, 1), words
            assert message in done.stderr
        assert list(version.changes()) == []
        assert _ids(cluster) == {label.id for label in LABELS}

    def test_embeddings_of_another_encoder_are_never_mixed(
        self, cluster: Any, settings: Settings, lmtx: Run
    ) -> None:
        version = TaggerVersions(settings.data_dir).get(deployed(cluster, settings).version)
        index = LabelIndex(cluster)
        index._versions.set_meta(index.require().index, "of another encoder", "ready")
        refused = lmtx("labels", "add", "x", "X")
        assert refused.returncode == 2
        assert "neither the deployed tagger's nor the settings'" in refused.stderr
        assert list(version.changes()) == []
        _swap_encoder(version)
        with pytest.raises(UserError, match="another encoder than the labels"):
            version.check()

    def test_the_first_label_of_all_can_be_added(
        self, client: Any, settings: Settings, lmtx: Run
    ) -> None:
        assert lmtx("bootstrap-index").returncode == 0
        assert lmtx("labels", "add", "x", "Chess").returncode == 0
        # The same once more, after a kill perhaps, is no mistake.
        assert lmtx("labels", "add", "x", "Chess").returncode == 0
        assert _ids(client) == {"x"}


def _ids(client: Any) -> set[str]:
    return {label.id for label in LabelIndex(client).labels()}


def _write(path: Path, labels: Sequence[Label]) -> None:
    rows = [{"id": one.id, "text": one.text, "description": one.description} for one in labels]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _swap_encoder(version: TaggerVersion) -> None:
    form = version.encoder_folder / "encoder.json"
    values = json.loads(form.read_text())
    form.unlink()  # a hard link: the cache's own file stays as it is
    form.write_text(json.dumps({**values, "digest": "another"}))
