import json

import numpy as np
import pytest

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.labels.versions import version_body
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.connector_settings import TRUSTED
from lmtx_search.errors import UserError
from lmtx_search.records import Label

pytestmark = pytest.mark.integration

INDICES = ("lmtx-labels-000001", "lmtx-judgments", "lmtx-runs", "lmtx-decisions")


def written(client):
    """Everything that bootstrap-index makes, as the cluster has it."""
    return {
        "indices": client.indices.get(index=",".join(INDICES)),
        "templates": client.indices.get_index_template(name="lmtx-*"),
        "components": client.cluster.get_component_template(name="lmtx-*"),
        "pipelines": client.ingest.get_pipeline(),
    }


@pytest.fixture
def ready(client, settings):
    apply(client, plan(client, settings))
    return client


def test_everything_is_there_afterwards(ready):
    assert list(ready.indices.get_alias(name="lmtx-labels")) == ["lmtx-labels-000001"]
    embedding = ready.indices.get_mapping(index="lmtx-labels")["lmtx-labels-000001"]["mappings"]
    assert embedding["properties"]["embedding"]["dimension"] == 384
    assert "lmtx-tagging" in ready.ingest.get_pipeline()


def test_a_document_goes_in_untagged(ready):
    params = {"pipeline": "lmtx-tagging", "refresh": "true"}
    ready.index(index="mine", id="1", body={"text": "x"}, params=params)
    source = ready.get(index="mine", id="1")["_source"]
    assert source == {"text": "x", "tagging": {"status": "untagged"}}


def test_a_second_run_changes_nothing(ready, settings):
    before = written(ready)
    again = plan(ready, settings)
    assert again.open == ()
    apply(ready, again)
    assert written(ready) == before


def test_a_deployed_pipeline_is_never_overwritten(ready, settings):
    ready.ingest.put_pipeline(id="lmtx-tagging", body={"description": "theirs", "processors": []})
    apply(ready, plan(ready, settings))
    assert ready.ingest.get_pipeline(id="lmtx-tagging")["lmtx-tagging"]["description"] == "theirs"


def test_what_went_missing_or_differs_is_put_right_and_nothing_else(ready, settings):
    ready.indices.delete_index_template(name="lmtx-runs")
    body = {"template": {"mappings": {"properties": {"tags": {"type": "text"}}}}}
    ready.cluster.put_component_template(name="lmtx-tags", body=body)
    whats = [(step.what, step.replaces) for step in plan(ready, settings).open]
    assert whats == [("component template lmtx-tags", True), ("index template lmtx-runs", False)]


def test_an_alias_that_went_missing_comes_back_to_the_labels(ready, settings):
    ready.indices.delete_alias(index="lmtx-labels-000001", name="lmtx-labels")
    apply(ready, plan(ready, settings))
    assert list(ready.indices.get_alias(name="lmtx-labels")) == ["lmtx-labels-000001"]


@pytest.mark.parametrize("later", [[], ["b"]], ids=["the same labels", "other labels"])
def test_an_alias_that_went_missing_is_not_set_to_labels_that_may_be_old(ready, settings, later):
    index = LabelIndex(ready)
    for digest in ("one", "two"):
        first = index.write_version([Label("a", "A")], np.eye(1, 384), digest, 384)
    assert first == "lmtx-labels-000003"  # the empty first version is neither of these
    index.switch("lmtx-labels-000002")
    every = [Label(id_, id_.upper()) for id_ in ("a", *later)]
    index.load(every, lambda some: np.eye(len(some), 384), "one", 384)
    ready.indices.delete_alias(index="lmtx-labels-000002", name="lmtx-labels")
    if not later:
        apply(ready, plan(ready, settings))
        assert index.require().index == "lmtx-labels-000003"
        return
    told = r"000002 \(2 labels\) and lmtx-labels-000003 \(1 labels\) differ"
    with pytest.raises(UserError, match=told) as caught:
        plan(ready, settings)
    ready.indices.update_aliases(
        body=json.loads(str(caught.value).split("POST /_aliases ")[1].split(";")[0])
    )
    assert plan(ready, settings).open == ()


def test_an_alias_that_a_restore_brought_along_is_one_clear_line(ready, settings):
    ready.indices.create(index="old-labels", body={"aliases": {"lmtx-labels": {}}})
    with pytest.raises(UserError, match=r"points to lmtx-labels-000001 and old-labels") as caught:
        LabelIndex(ready).require()
    body = json.loads(str(caught.value).split("POST /_aliases ")[1])
    ready.indices.update_aliases(body=body)
    assert LabelIndex(ready).require().index == "lmtx-labels-000001"


def test_an_index_in_the_place_of_the_alias_stops_it_before_anything_is_written(client, settings):
    client.indices.create(index="lmtx-labels")
    with pytest.raises(UserError, match="nothing was changed"):
        plan(client, settings)
    assert client.indices.get_index_template()["index_templates"] == []


def test_a_failed_step_says_what_is_done_and_running_again_continues(client, settings):
    planned = plan(client, settings)
    # Another index template of the same priority, made meanwhile, is refused by the cluster.
    client.indices.put_index_template(
        name="theirs", body={"index_patterns": ["lmtx-runs*"], "priority": 100}
    )
    with pytest.raises(Exception, match=r"index template lmtx-runs: .*done before it: component"):
        apply(client, planned)
    client.indices.delete_index_template(name="theirs")
    apply(client, plan(client, settings))
    assert plan(client, settings).open == ()


ADDS_A_FIELD = {"processors": [{"set": {"field": "seen", "value": True}}]}


def write_all(client):
    """Write a document to each of the indices that bootstrap-index makes."""
    for index, field in zip(INDICES, ("id", "judge", "kind", "kind"), strict=True):
        client.index(index=index, id="x", body={field: "x"})
        assert client.get(index=index, id="x")["_source"] == {field: "x"}


@pytest.mark.parametrize("kind", ["default", "final"])
def test_a_template_for_all_indices_gives_own_indices_no_pipeline(client, settings, kind):
    client.ingest.put_pipeline(id="theirs", body=ADDS_A_FIELD)
    theirs = {"settings": {"index": {f"{kind}_pipeline": "theirs"}}}
    body = {"index_patterns": ["*"], "priority": 500, "template": theirs}
    client.indices.put_index_template(name="theirs", body=body)
    apply(client, plan(client, settings))
    write_all(client)
    assert plan(client, settings).open == ()


def test_own_indices_of_an_earlier_release_lose_a_pipeline_of_others(ready, settings):
    ready.ingest.put_pipeline(id="theirs", body=ADDS_A_FIELD)
    params = {"expand_wildcards": "all"}
    for index in INDICES:
        there = {"default_pipeline": "theirs" if index == "lmtx-judgments" else None}
        body = {"index": {**there, "final_pipeline": None}}
        ready.indices.put_settings(index=index, body=body, params=params)
    # An index without these settings is not out of date.
    (step,) = plan(ready, settings).open
    assert (step.what, step.replaces) == ("index lmtx-judgments, no longer through theirs", True)
    apply(ready, plan(ready, settings))
    write_all(ready)
    assert plan(ready, settings).open == ()


def test_another_dimension_is_noted(ready, settings):
    encoder = settings.encoder.model_copy(update={"dimension": 768})
    other = settings.model_copy(update={"encoder": encoder})
    (note,) = plan(ready, other).notes
    assert "dimension 384" in note
    assert "labels load" in note


def test_dry_run_prints_every_request_and_sends_none_that_writes(client, lmtx):
    ran = lmtx("bootstrap-index", "--dry-run")
    assert ran.returncode == 0
    for line in ("PUT /_component_template/lmtx-tags", "PUT /_ingest/pipeline/lmtx-tagging"):
        assert line in ran.stdout
    printed = json.dumps(version_body(None, 384, "lucene")["mappings"], indent=2)
    assert printed.splitlines()[1].strip() in ran.stdout
    assert not client.indices.exists(index="lmtx-runs")


def test_the_command_says_what_it_did_and_then_that_nothing_changed(client, lmtx):
    first = lmtx("bootstrap-index")
    assert "created        index lmtx-runs" in first.stdout
    second = lmtx("bootstrap-index")
    assert "Nothing changed: the cluster is set up." in second.stdout
    assert json.loads(lmtx("bootstrap-index", "--json").stdout)["changed"] == []


def test_settings_for_the_connector_are_set_only_when_asked(client, environment, lmtx):
    elsewhere = {**environment, "LMTX_SERVICE_URL": "http://203.0.113.7:8787"}
    told = json.loads(lmtx("bootstrap-index", "--json", env=elsewhere).stdout)
    assert list(told["cluster_settings_needed"]) == [TRUSTED]
    assert client.cluster.get_settings()["persistent"] == {}
    try:
        lmtx("bootstrap-index", "--apply-cluster-settings", env=elsewhere)
        again = json.loads(lmtx("bootstrap-index", "--json", env=elsewhere).stdout)
        assert again["cluster_settings_needed"] == {}
    finally:
        client.cluster.put_settings(body={"persistent": {TRUSTED: None}})


def test_no_cluster_is_one_clear_line(lmtx):
    ran = lmtx("--url", "http://127.0.0.1:1", "bootstrap-index")
    assert ran.returncode == 1
    assert ran.stderr == (
        "Error: no OpenSearch at http://127.0.0.1:1: start one (`lmtx-search up`) or set "
        "opensearch.url (--url)\n"
    )
