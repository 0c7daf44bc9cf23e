"""Attaching an index that is already there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lmtx_search.cluster.client import names
from lmtx_search.cluster.ml.index_pipeline import index_text_fields
from lmtx_search.cluster.ml.pipeline import (
    pipeline_state,
    put_pipeline,
    read_pipeline,
    tagging_pipeline,
    untagged_pipeline,
)
from lmtx_search.cluster.ml.pipeline_copies import copy_name
from lmtx_search.cluster.setup.attach import attach, plan_attach, steps_left
from lmtx_search.cluster.setup.changes import Change
from lmtx_search.cluster.setup.detach import plan_detach
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.tag_fields import TagFields
from tests.conftest import Run

pytestmark = pytest.mark.integration

MAPPING = {
    "derived": {"shouted": {"type": "keyword", "script": "emit(params._source.title + '!')"}},
    "properties": {
        "title": {
            "type": "text",
            "copy_to": "everything",
            "fields": {"raw": {"type": "keyword"}},
        },
        "body": {"properties": {"en": {"type": "text", "copy_to": ["everything"]}}},
        "everything": {"type": "text"},
        "heading": {"type": "alias", "path": "title"},
        "any": {"type": "flat_object"},
    },
}


@pytest.fixture
def cluster(client: Any) -> Any:
    put_pipeline(client, untagged_pipeline())
    client.indices.create(index="lmtx-runs")
    client.indices.create(index="news", body={"mappings": MAPPING, "aliases": {"current": {}}})
    return client


def test_documents_indexed_from_then_on_go_through_the_pipeline(cluster: Any) -> None:
    cluster.index(index="news", id="before", body={"title": "x"})
    attach(cluster, plan_attach(cluster, "news", ["title", "body.en"]))
    cluster.index(index="news", id="after", body={"title": "x"})
    assert "tagging" not in cluster.get(index="news", id="before")["_source"]
    assert cluster.get(index="news", id="after")["_source"]["tagging"]["status"] == "untagged"
    properties = cluster.indices.get_mapping(index="news")["news"]["mappings"]["properties"]
    assert properties["tags"] == {"type": "keyword", "copy_to": ["tags_all"]}


def test_an_alias_is_noted_with_its_indices(cluster: Any) -> None:
    attach(cluster, plan_attach(cluster, "current", ["title"]))
    assert read_pipeline(cluster).indices == {"news": ["title"], "current": ["title"]}


def test_twice_changes_nothing(cluster: Any) -> None:
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    assert plan_attach(cluster, "news", ["title"]) == []


def test_other_fields_for_an_attached_index_are_another_copy_of_the_pipeline(cluster: Any) -> None:
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    attach(cluster, plan_attach(cluster, "news", ["body.en"]))
    assert index_text_fields(cluster, read_pipeline(cluster), "news") == ["body.en"]
    assert _settings(cluster) == {"index.default_pipeline": copy_name(["body.en"])}


def test_copies_follow_the_pipeline_when_it_is_replaced(cluster: Any) -> None:
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    put_pipeline(cluster, tagging_pipeline("a", "no-model", ["text"]))
    copy = cluster.ingest.get_pipeline(id=copy_name(["title"]))[copy_name(["title"])]
    assert pipeline_state(copy).tagger == "a"
    assert pipeline_state(copy).fields == ["title"]


def test_a_copy_that_was_left_behind_is_brought_up_by_bootstrap(cluster: Any, lmtx: Run) -> None:
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    body = tagging_pipeline("a", "no-model", ["text"])
    cluster.ingest.put_pipeline(id="lmtx-tagging", body=body)  # as a kill in between leaves it
    cluster.indices.delete(index="lmtx-runs")
    done = lmtx("bootstrap-index")
    assert f"ingest pipeline {copy_name(['title'])}" in done.stdout, done.stderr
    copy = cluster.ingest.get_pipeline(id=copy_name(["title"]))[copy_name(["title"])]
    assert pipeline_state(copy).tagger == "a"


def test_bootstrap_brings_a_copy_up_without_renaming_the_tag_fields(
    cluster: Any, lmtx: Run, environment: dict[str, str]
) -> None:
    own = environment | {"LMTX_DOCUMENTS_TAGS_FIELD": "subjects"}
    assert lmtx("bootstrap-index", env=own).returncode == 0
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    names = TagFields(tags="subjects")
    indices = read_pipeline(cluster).indices
    body = tagging_pipeline("a", "no-model", ["text"], indices, names=names)
    cluster.ingest.put_pipeline(id="lmtx-tagging", body=body)  # as a kill in between leaves it
    done = lmtx("bootstrap-index", env=own)
    assert f"ingest pipeline {copy_name(['title'])}" in done.stdout, done.stderr
    copy = cluster.ingest.get_pipeline(id=copy_name(["title"]))[copy_name(["title"])]
    assert pipeline_state(copy).names == read_pipeline(cluster).names == names
    assert pipeline_state(copy).tagger == "a"


def test_an_index_keeps_its_own_default_pipeline(cluster: Any) -> None:
    own = {"processors": [{"set": {"field": "own", "value": 1}}]}
    cluster.ingest.put_pipeline(id="own", body=own)
    cluster.indices.put_settings(index="news", body={"index": {"default_pipeline": "own"}})
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    cluster.index(index="news", id="1", body={"title": "x"})
    source = cluster.get(index="news", id="1")["_source"]
    assert source == {"title": "x", "own": 1, "tagging": {"status": "untagged"}}


def test_an_index_with_both_pipelines_tags_as_soon_as_its_own_one_calls_the_copy_that_is_named(
    cluster: Any,
) -> None:
    cluster.ingest.put_pipeline(id="own", body={"processors": []})
    body = {"index": {"default_pipeline": "own", "final_pipeline": "own"}}
    cluster.indices.put_settings(index="news", body=body)
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    (advice,) = steps_left(cluster, "news", ["title"])
    step = {"pipeline": {"name": copy_name(["title"])}}
    assert json.dumps(step) in advice
    assert "news does not tag yet" in advice
    with pytest.raises(UserError, match="news does not tag its documents"):
        prepare_tagged_index(cluster, "news")

    cluster.ingest.put_pipeline(id="own", body={"processors": [step]})
    assert list(steps_left(cluster, "news", ["title"])) == []
    assert plan_attach(cluster, "news", ["title"]) == []
    assert prepare_tagged_index(cluster, "news") is False
    cluster.index(index="news", id="1", body={"title": "x"})
    assert cluster.get(index="news", id="1")["_source"]["tagging"] == {"status": "untagged"}
    mapping = cluster.indices.get_mapping(index="news")["news"]["mappings"]["properties"]
    assert mapping["tags"] == {"type": "keyword", "copy_to": ["tags_all"]}

    assert index_text_fields(cluster, read_pipeline(cluster), "news") == ["title"]
    attach(cluster, plan_attach(cluster, "news", ["title", "body.en"]))
    (advice,) = steps_left(cluster, "news", ["title", "body.en"])
    assert f"calls {copy_name(['title'])}: replace this step" in advice
    assert json.dumps({"pipeline": {"name": copy_name(["title", "body.en"])}}) in advice


def test_detaching_an_index_with_both_pipelines_says_which_step_still_tags(
    cluster: Any, lmtx: Run
) -> None:
    step = {"pipeline": {"name": copy_name(["title"])}}
    cluster.ingest.put_pipeline(id="own", body={"processors": [step]})
    body = {"index": {"default_pipeline": "own", "final_pipeline": "own"}}
    cluster.indices.put_settings(index="news", body=body)
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    for _ in range(2):
        told = lmtx("detach", "news").stdout
        assert f"still tags, because its default pipeline own calls {copy_name(['title'])}" in told
        assert f"remove the step {json.dumps(step)} from own" in told
        assert "does not tag" not in told
    cluster.ingest.put_pipeline(id="own", body={"processors": []})
    assert "Nothing to do" in lmtx("detach", "news").stdout


@pytest.mark.usefixtures("cluster")
def test_programs_are_told_what_is_left_to_do(client: Any, lmtx: Run) -> None:
    client.ingest.put_pipeline(id="own", body={"processors": []})
    body = {"index": {"default_pipeline": "own", "final_pipeline": "own"}}
    client.indices.put_settings(index="news", body=body)
    (note, *_) = json.loads(lmtx("attach", "news", "--text-field", "title", "--json").stdout)[
        "notes"
    ]
    assert note.startswith("news does not tag yet")
    step = {"pipeline": {"name": copy_name(["title"])}}
    client.ingest.put_pipeline(id="own", body={"processors": [step]})
    (note,) = json.loads(lmtx("detach", "news", "--json").stdout)["notes"]
    assert note.startswith("news still tags")


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"normalizer": "lowercase"}, "changes the names of labels"),
        ({"ignore_above": 14}, "leaves out names of over 14 characters .*, and a label has 15"),
        ({"ignore_above": 15}, None),
        ({"doc_values": False}, "cannot be counted"),
        ({"index": False}, "cannot be searched"),
    ],
)
def test_a_field_tags_that_would_not_keep_names_is_refused(
    cluster: Any, field: dict[str, Any], message: str | None
) -> None:
    labels = {"1": "Jan", "22": "Mai", "333": "Mai", "4": "Mai (333)"}  # "Mai (333) (333)"
    for id_, text in labels.items():
        cluster.index(index=names.LABELS, id=id_, body=Label(id_, text).record)
    properties = {"t": {"type": "text"}, "tags": {"type": "keyword", **field}}
    cluster.indices.create(index="own", body={"mappings": {"properties": properties}})

    def planned() -> list[Change]:
        return plan_attach(cluster, "own", ["t"], keep_own_tags=True)

    if message is None:
        assert planned()
        return
    with pytest.raises(UserError, match=f"the field tags of own {message}") as refused:
        planned()
    assert "documents.tags_field" in str(refused.value)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("none", "no field none"),
        ("body", "is an object"),
        ("everything", r"copies body.en, title into it \(copy_to\). Name --text-field body.en"),
        ("heading", "is an alias. Name --text-field title"),
        ("title.raw", r"\(multi-field\). Name --text-field title"),
        ("shouted", "derives it by a script"),
    ],
)
def test_a_field_that_holds_no_text_is_one_clear_line(
    cluster: Any, field: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        plan_attach(cluster, "news", ["title", field])


def test_a_field_that_others_are_copied_to_is_taken_where_documents_hold_it(cluster: Any) -> None:
    cluster.index(index="news", id="1", body={"title": "x", "everything": "y"})
    assert plan_attach(cluster, "news", ["everything"])


def test_a_field_inside_a_flat_object_is_taken(cluster: Any) -> None:
    assert plan_attach(cluster, "news", ["any.text"])


def test_a_field_tags_of_the_users_own_is_not_touched(cluster: Any) -> None:
    properties = {"t": {"type": "text"}, "tags": {"type": "text"}}
    cluster.indices.create(index="own", body={"mappings": {"properties": properties}})
    with pytest.raises(UserError, match="its own field tags"):
        plan_attach(cluster, "own", ["t"])


@pytest.mark.usefixtures("cluster")
def test_the_command_says_what_it_did_and_when_there_is_nothing_to_do(lmtx: Run) -> None:
    words = ("attach", "news", "--text-field", "title")
    shown = lmtx(*words, "--dry-run")
    assert "PUT /news/_mapping" in shown.stdout
    assert "default pipeline lmtx-tagging" in lmtx(*words).stdout
    assert "Nothing to do" in lmtx(*words).stdout


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("index", ["lmtx-labels", "lmtx-runs"])
def test_an_index_of_the_products_own_is_never_attached(client: Any, index: str) -> None:
    with pytest.raises(UserError, match="attach one of yours"):
        plan_attach(client, index, ["text"])


def test_an_unknown_index_is_one_clear_line(lmtx: Run) -> None:
    done = lmtx("attach", "nothing", "--text-field", "title")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: no index nothing")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("own", [None, "own"])
def test_detaching_undoes_it(cluster: Any, own: str | None) -> None:
    if own:
        cluster.ingest.put_pipeline(id=own, body={"processors": []})
        cluster.indices.put_settings(index="news", body={"index": {"default_pipeline": own}})
    before = _settings(cluster)
    cluster.indices.create(index="other", body={"mappings": MAPPING, "aliases": {"all": {}}})
    cluster.indices.put_alias(index="news", name="all")
    attach(cluster, plan_attach(cluster, "other", ["title"]))
    attach(cluster, plan_attach(cluster, "news", ["title", "body.en"]))
    attach(cluster, plan_detach(cluster, "news"))
    assert _settings(cluster) == before
    assert read_pipeline(cluster).indices.keys() == {"other"}
    assert plan_detach(cluster, "news") == []
    cluster.index(index="news", id="1", body={"title": "x"})
    assert "tagging" not in cluster.get(index="news", id="1")["_source"]


def test_the_commands_detach_says_what_it_did(cluster: Any, lmtx: Run) -> None:
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    assert "PUT /news/_settings" in lmtx("detach", "news", "--dry-run").stdout
    assert "no default pipeline" in lmtx("detach", "news").stdout
    assert "Nothing to do" in lmtx("detach", "news").stdout


def _settings(client: Any) -> dict[str, Any]:
    settings = client.indices.get_settings(index="news", params={"flat_settings": "true"})
    return {name: value for name, value in settings["news"]["settings"].items() if "pipe" in name}
