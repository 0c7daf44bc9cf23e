"""Versions come and go while documents are being indexed, through the real cluster and service."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client import lock as locking
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.documents.bulk_report import BulkReport
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.model_state import why_down
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.ml.registry import registered, unregister
from lmtx_search.cluster.runs import RunStore
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.doctor import tagger as doctor_tagger
from lmtx_search.doctor.checks import Finding
from lmtx_search.doctor.tagger import TaggerChecks
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.records import Document
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.prune import find_unused
from lmtx_search.tagging.deployment.rollback import roll_back
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import MANIFEST
from tests.conftest import Run
from tests.support.live_tagger import bootstrap, deployed, ml_parts, tags_of
from tests.support.tagger_service import running
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration


@pytest.fixture
def cluster(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> Iterator[Any]:
    """A cluster with labels, and a tagger service."""
    bootstrap(client, settings, lmtx)
    with running(environment):
        yield client


def test_every_document_of_a_running_ingest_is_tagged_by_the_version_that_it_names(
    cluster: Any, settings: Settings
) -> None:
    first = deployed(cluster, settings)
    prepare_tagged_index(cluster, "articles")
    stop, reports = threading.Event(), []

    def documents() -> Iterator[Document]:
        number = 0
        while not stop.is_set():
            yield Document(str(number), "chess", {"id": str(number), "text": f"chess {number}"})
            number += 1

    def ingest() -> None:
        reports.append(load_documents(cluster, documents(), "articles"))

    thread = threading.Thread(target=ingest)
    thread.start()
    try:
        _wait_for(cluster, first.version)
        second = deployed(cluster, settings)
        _wait_for(cluster, second.version)
        roll_back(cluster, settings, None)
        back = cluster.count(index="articles")["count"]
        _wait(lambda: cluster.count(index="articles")["count"] > back + 600)
    finally:
        stop.set()
        thread.join()
    (report,) = reports
    assert isinstance(report, BulkReport)
    assert report.failed == 0
    terms = {
        name: {"terms": {"field": f"tagging.{name}", "missing": "none"}}
        for name in ("status", "tagger")
    }
    answer = cluster.search(index="articles", body={"size": 0, "aggs": terms})["aggregations"]
    statuses = {bucket["key"]: bucket["doc_count"] for bucket in answer["status"]["buckets"]}
    assert statuses == {"tagged": report.indexed}
    taggers = {bucket["key"] for bucket in answer["tagger"]["buckets"]}
    assert taggers == {first.version, second.version}


def test_of_two_deployments_at_once_one_wins_and_the_other_says_so(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    with exclusive(cluster, "deploy"):
        done = lmtx("deploy", "--untrained")
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("Error: another command is changing the tagger: deploy by ")
        assert TaggerVersions(settings.data_dir).names() == []
    assert lmtx("runs", "--json").stdout == '{"runs": []}\n'
    done = lmtx("deploy", "--untrained", "--json")
    assert done.returncode == 0, done.stderr
    version = json.loads(done.stdout)["version"]
    assert read_pipeline(cluster).tagger == version
    (run,) = json.loads(lmtx("runs", "--json").stdout)["runs"]
    assert run["kind"] == "deploy"


def test_the_lock_of_a_holder_that_died_is_taken_over_and_lost_to_it(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "_SECONDS_TO_LIVE", -1.0)
    with exclusive(cluster, "deploy") as first:
        with exclusive(cluster, "rollback"), pytest.raises(LmtxError, match="nothing was switched"):
            first.require()
        with exclusive(cluster, "prune") as third:
            third.require()


def test_a_rollback_goes_back_with_the_labels_as_they_are_now(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    first, second = deployed(cluster, settings), deployed(cluster, settings)
    assert lmtx("labels", "retire", "game::chess", "--yes").returncode == 0
    assert lmtx("labels", "add", "new", "Weather").returncode == 0

    shown = lmtx("rollback", "--dry-run")
    assert first.version in shown.stdout
    assert read_pipeline(cluster).tagger == second.version
    done = lmtx("rollback")
    assert done.returncode == 0, done.stderr
    assert "1 new or changed, 1 retired" in done.stdout
    assert read_pipeline(cluster).tagger == first.version
    assert "Chess" not in tags_of(cluster, "plays chess")
    assert tags_of(cluster, "the weather")[0] == "Weather"

    # What the rollback would refuse, its preview refuses too.
    in_use = lmtx("rollback", first.version, "--dry-run")
    assert (in_use.returncode, in_use.stdout) == (2, "")
    assert f"the pipeline already tags with {first.version}" in in_use.stderr
    refused = lmtx("rollback")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert f"in use since a rollback from {second.version}" in refused.stderr
    assert read_pipeline(cluster).tagger == first.version
    listed = lmtx("taggers").stdout
    assert listed.index(second.version) < listed.index(first.version)
    assert "in use" in listed


def check(settings: Settings, client: Any, name: str) -> Finding:
    """Return what `doctor` finds about the tagger."""
    checks = TaggerChecks(settings, lambda: client).checks()
    return next(one for one in checks if one.name == name).look()


def test_a_tagger_in_a_precision_that_is_slow_here_is_named(
    cluster: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = settings.data_dir / "taggers" / deployed(cluster, settings).version / "manifest.json"
    assert check(settings, cluster, "pipeline").found.endswith("a transformer in fp32")
    file.write_text(json.dumps({**json.loads(file.read_text()), "precision": "bf16"}))
    monkeypatch.setattr(doctor_tagger, "bf16_is_fast", lambda: False)
    found = check(settings, cluster, "pipeline")
    assert (found.status, "in bf16, which is slow on this machine" in found.found) == ("warn", True)
    assert "deploy --precision int8" in found.todo


def test_a_tagger_gets_the_labels_of_a_label_index_that_was_restored(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    version = deployed(cluster, settings).version
    assert check(settings, cluster, "labels").status == "ok"
    # As in a label index of another day.
    edits.delete(cluster, LabelIndex(cluster).require().index, ["game::chess"])
    found = check(settings, cluster, "labels")
    assert found.status == "warn"
    assert "1 of its labels are not in lmtx-labels-00000" in found.found
    assert found.todo.startswith(f"lmtx-search rollback {version} ")
    planned = lmtx("rollback", version, "--dry-run").stdout
    assert "which is in use, again" in planned
    assert "the labels of the label index: 0 new or changed, 1 retired" in planned
    done = roll_back(cluster, settings, version)
    assert (done.put, done.retired) == (0, 1)
    assert check(settings, cluster, "labels").status == "ok"
    assert "Chess" not in tags_of(cluster, "plays chess")


def test_a_service_that_does_not_see_a_change_of_labels_is_told(
    cluster: Any, settings: Settings, lmtx: Run, tmp_path: Path
) -> None:
    deployed(cluster, settings)
    copy = tmp_path / "copy"
    shutil.copytree(settings.data_dir, copy)
    done = lmtx("labels", "add", "new", "Weather", "--data-dir", copy)
    assert done.returncode == 0, done.stderr
    told = f"a tagger at {settings.service.url} has other label changes than {copy}"
    assert told in done.stdout
    here = settings.model_copy(update={"data_dir": copy})
    found = check(here, cluster, "runs in")
    assert (found.status, found.found.startswith(told)) == ("warn", True)


def test_a_rollback_registers_a_version_again_that_left_the_cluster(
    cluster: Any, settings: Settings
) -> None:
    first, second = deployed(cluster, settings), deployed(cluster, settings)
    unregister(cluster, registered(cluster)[first.version])
    assert ml_parts(cluster)["models"] == [second.model]
    roll_back(cluster, settings, first.version)
    assert tags_of(cluster, "plays chess")[0] == "Chess"
    with pytest.raises(UserError, match="already tags with"):
        roll_back(cluster, settings, first.version)
    path = f"/_plugins/_ml/models/{second.model}"
    cluster.transport.perform_request("POST", f"{path}/_undeploy")
    _wait(lambda: why_down(cluster, second.model) is not None)
    roll_back(cluster, settings, second.version)
    assert tags_of(cluster, "plays chess")[0] == "Chess"


def test_a_rollback_goes_back_to_what_was_in_use_and_not_to_what_was_rolled_back(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    only_titles = settings.documents.model_copy(update={"text_fields": ("title",)})
    good = deployed(cluster, settings)
    bad = deployed(cluster, settings.model_copy(update={"documents": only_titles}))
    assert read_pipeline(cluster).fields == ["title"]
    told = f"With {good.version}, the pipeline reads the text fields title, text, not title"
    assert told in lmtx("rollback", "--dry-run").stdout
    done = roll_back(cluster, settings, None)
    assert (done.version, done.differences) == (good.version, [told])
    assert next(RunStore(cluster).of_kinds("rollback"))[1]["differences"] == [told]
    assert read_pipeline(cluster).fields == list(settings.documents.text_fields)
    deployed(cluster, settings)
    kept = find_unused(cluster, settings, keep=1).kept
    assert (good.version in kept, bad.version in kept) == (True, False)
    assert roll_back(cluster, settings, None).version == good.version


def test_prune_removes_what_nothing_uses_and_nothing_else(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    index = LabelIndex(cluster)
    third_encoder = index.write_version([], lambda labels: [], "another encoder's", 384)  # type: ignore[arg-type, return-value]
    of_a_run = index.write_version([], lambda labels: [], "a run's", 384, owner="run")  # type: ignore[arg-type, return-value]
    first, second, third = (deployed(cluster, settings) for _ in range(3))
    cluster.ingest.put_pipeline(
        id="own", body={"processors": [{"set": {"field": "model", "value": first.model}}]}
    )
    assert find_unused(cluster, settings).versions == []
    cluster.ingest.delete_pipeline(id="own")

    shown = lmtx("taggers", "prune", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert f"Would delete the folder of the tagger {first.version}" in shown.stdout
    asked = lmtx("taggers", "prune", "--json", input="n\n")
    assert asked.returncode == 1
    assert f"To be deleted: the folder of the tagger {first.version}" in asked.stderr
    assert len(ml_parts(cluster)["models"]) == 3

    done = lmtx("taggers", "prune", "--yes")
    assert done.returncode == 0, done.stderr
    assert ml_parts(cluster)["models"] == sorted([second.model, third.model])
    assert len(ml_parts(cluster)["connectors"]) == 2
    assert TaggerVersions(settings.data_dir).names() == [second.version, third.version]
    assert third_encoder not in index.versions()
    assert of_a_run in index.versions()
    assert "There is nothing to delete" in lmtx("taggers", "prune", "--yes").stdout
    assert tags_of(cluster, "plays chess")[0] == "Chess"


def test_versions_of_another_cluster_with_the_same_data_folder_are_left_alone(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    versions = TaggerVersions(settings.data_dir)
    others = [_of_another_cluster(cluster, settings) for _ in range(2)]
    (versions.folder / others[1] / "untested").touch()
    # As on another cluster, which has neither pipeline nor models of these versions.
    wipe(cluster)
    bootstrap(cluster, settings, lmtx)
    own = [deployed(cluster, settings).version]
    assert versions.names() == [*others, *own]
    with pytest.raises(UserError, match="no tagger version before"):
        roll_back(cluster, settings, None)
    refused = lmtx("rollback", others[0])
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert f"another cluster deployed the tagger {others[0]}" in refused.stderr
    assert f"`lmtx-search rollback {others[0]} --take-over`" in refused.stderr
    assert lmtx("taggers").stdout.count("of another cluster") == 2
    own.append(deployed(cluster, settings).version)
    assert lmtx("taggers", "prune", "--keep", "0", "--yes").returncode == 0
    assert versions.names() == [*others, own[1]]
    # A cluster that was restored from a snapshot has the other one's records.
    RunStore(cluster).save("restored", {"kind": "deploy", "version": others[0]})
    assert roll_back(cluster, settings, others[0]).version == others[0]


def test_the_version_of_a_cluster_that_is_gone_can_be_taken_over(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    # As after a restore of a snapshot that is older than the version.
    lost = _of_another_cluster(cluster, settings)
    wipe(cluster)
    bootstrap(cluster, settings, lmtx)
    deployed(cluster, settings)
    taken = lmtx("rollback", lost, "--take-over")
    assert taken.returncode == 0, taken.stderr
    assert read_pipeline(cluster).tagger == lost
    assert "of another cluster" not in lmtx("taggers").stdout
    assert TaggerVersions(settings.data_dir).cluster_of(lost) == cluster.info()["cluster_uuid"]


def _of_another_cluster(client: Any, settings: Settings) -> str:
    """Deploy a version whose manifest names another cluster."""
    version = deployed(client, settings).version
    file = TaggerVersions(settings.data_dir).folder / version / MANIFEST
    manifest = json.loads(file.read_text())
    assert manifest["cluster"] == client.info()["cluster_uuid"]
    file.write_text(json.dumps({**manifest, "cluster": "another"}))
    return version


def _wait_for(client: Any, version: str) -> None:
    body = {"query": {"term": {"tagging.tagger": version}}}

    def there() -> bool:
        client.indices.refresh(index="articles")
        return bool(client.count(index="articles", body=body)["count"])

    _wait(there)


def _wait(done: Any) -> None:
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)
