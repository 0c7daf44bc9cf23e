"""What the first release made is read and migrated; what a newer one made is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.schema import SCHEMA, require_known, schema_of
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.codec import label_action
from lmtx_search.cluster.ml import connectors
from lmtx_search.cluster.ml.pipeline import (
    pipeline_state,
    read_pipeline,
    tagging_pipeline,
    untagged_pipeline,
)
from lmtx_search.cluster.ml.pipeline_forms import of_this_release
from lmtx_search.cluster.runs import RunStore
from lmtx_search.cluster.setup.bootstrap import TEMPLATES
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.service.client import service_url, tag_url
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import SCHEMA as TAGGER_SCHEMA
from tests.support.command_tree import all_commands
from tests.support.in_process import call
from tests.support.tagger_service import LABELS, make_version, running

FORM_1 = Path(__file__).parent / "data" / "form_1"
OWN = ("lmtx-labels-000001", "lmtx-judgments", "lmtx-runs", "lmtx-documents")


def form_1(name: str, **filled_in: str) -> Any:
    """A file of the first release's, with its placeholders filled in."""
    text = (FORM_1 / f"{name}.json").read_text()
    for placeholder, value in filled_in.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def test_everything_that_is_made_says_its_form() -> None:
    component = load("component_templates/tags")
    templates = [load(f"templates/{name}") for name in TEMPLATES]
    assert {one["_meta"]["schema"] for one in (component, *templates)} == {SCHEMA}
    mappings = [
        load(f"templates/{name}")["template"]["mappings"]
        for name in ("judgments", "runs", "decisions")
    ]
    mappings += [
        load(
            "indices/label_version",
            encoder=None,
            state="ready",
            words=1,
            dimension=1,
            engine="lucene",
        )["mappings"],
        load("indices/documents", properties={})["mappings"],
    ]
    assert {schema_of(one) for one in mappings} == {SCHEMA}
    assert untagged_pipeline()["version"] == SCHEMA


def test_an_index_without_a_form_is_the_first_releases() -> None:
    assert schema_of({}) == 1
    require_known({"lmtx-runs": {"mappings": {}}})
    newer = {"lmtx-runs": {"mappings": {"_meta": {"schema": SCHEMA + 1}}}}
    with pytest.raises(UserError, match="the index lmtx-runs was written by a newer lmtx-search"):
        require_known(newer)


def test_a_pipeline_keeps_everything_but_its_scripts() -> None:
    before = form_1("pipeline", TAGGER="v1", MODEL="m1")
    mine = {"set": {"field": "seen", "value": True}}
    before["processors"].insert(0, mine)
    after = of_this_release(before)
    assert after is not None
    assert after["processors"][0] == mine
    for old, new in zip(before["processors"][1:], after["processors"][1:], strict=True):
        if "script" in old:
            assert old["script"].pop("source") != new["script"].pop("source")
            # What is new in this release has its defaults.
            new["script"]["params"] = {
                name: value
                for name, value in new["script"]["params"].items()
                if name in old["script"]["params"]
            }
        assert old == new
    reason, pending = after["on_failure"]
    assert reason["set"]["field"] == "lmtx_error"
    assert pending["script"]["tag"] == "lmtx-pending"
    assert of_this_release(after) is None


def test_a_pipeline_with_other_names_of_fields_gets_those_that_are_new() -> None:
    before = tagging_pipeline("v1", "m1", ["text"], names=TagFields(tags="auto"))
    before["version"] = SCHEMA - 1
    for processor in (*before["processors"], *before["on_failure"]):
        if "script" in processor:
            names = processor["script"]["params"]["names"]
            for new in ("suggested", "suggestion_scores", "rejected"):
                names.pop(new, None)  # the scripts share them
    after = of_this_release(before)
    assert after is not None
    scripts = [one["script"] for one in after["processors"] if "script" in one]
    expected = TagFields(tags="auto").as_dict()
    assert [one["params"]["names"] for one in scripts] == [expected, expected]


def test_a_pipeline_of_form_5_gets_the_script_that_reads_dots_inside_a_path() -> None:
    before = tagging_pipeline("v1", "m1", ["meta.info.title"])
    before["version"] = 5
    first = next(one["script"] for one in before["processors"] if "script" in one)
    now = first["source"]
    first["source"] = "// as form 5 read fields"
    after = of_this_release(before)
    assert after is not None
    assert next(one["script"] for one in after["processors"] if "script" in one)["source"] == now


def test_nothing_is_claimed_about_the_rules_of_an_earlier_pipelines_tagger() -> None:
    before = tagging_pipeline("v1", "m1", ["text"])
    before["version"] = SCHEMA - 1
    assert pipeline_state(before).rules == 0
    for name in ("rules", "review_first"):
        del before["processors"][-1]["script"]["params"][name]
    after = of_this_release(before)
    assert after is not None
    assert pipeline_state(after).rules is None
    assert "review_first" not in after["processors"][-1]["script"]["params"]


def test_a_pipeline_of_somebody_elses_is_left_alone() -> None:
    assert of_this_release({"description": "theirs", "processors": [{"drop": {}}]}) is None


def test_a_tagger_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "taggers" / "20260131-120000-1a2b3c"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"schema": TAGGER_SCHEMA + 1}))
    with pytest.raises(UserError, match="was made by a newer lmtx-search: upgrade"):
        TaggerVersions(tmp_path).get(folder.name)


def set_up_by_the_first_release(client: Any, settings: Settings) -> str:
    """Fill a cluster and data_dir as the first release does; return the tagger's version."""
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    digest = passages_digest(
        encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt
    )
    version = make_version(settings, LABELS)
    name, path = version.manifest.version, version.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({key: manifest[key] for key in form_1("manifest")}))

    for index, body in form_1("indices", ENCODER=digest).items():
        client.indices.create(index=index, body=body)
    for label, vector in zip(LABELS, version.embeddings(), strict=True):
        action = label_action(label, vector)
        source = {name: value for name, value in action.source.items() if name != "names"}
        client.index(index="lmtx-labels-000001", id=action.id, body=source)
    model = connectors.register(client, name, tag_url(service_url(settings.service), name)).model
    pipeline = form_1("pipeline", TAGGER=name, MODEL=model)
    client.ingest.put_pipeline(id="lmtx-tagging", body=pipeline)
    for index, documents in form_1("documents", TAGGER=name).items():
        for id_, source in documents.items():
            params = {"pipeline": "_none", "refresh": "true"}
            client.index(index=index, id=id_, body=source, params=params)
    client.indices.refresh(index="lmtx-labels-000001")
    return name


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[None]:
    with running(environment):
        yield


@pytest.mark.integration
@pytest.mark.usefixtures("service")
def test_what_the_first_release_made_is_read_and_migrated(
    client: Any, settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    def run(*words: str) -> str:
        done = call(*words, environment=environment, folder=tmp_path)
        assert done.code == 0, done.err
        return done.out

    def tagged(id_: str) -> dict[str, Any]:
        body = {"id": id_, "body": "plays chess"}
        client.index(index="articles", id=id_, body=body, params={"refresh": "true"})
        source: dict[str, Any] = client.get(index="articles", id=id_)["_source"]
        assert source["tagging"]["status"] == "tagged", source
        assert source["tagging"]["tagger"] == version
        assert source["tags"][0] == "Chess"
        return source

    def state() -> Any:
        everything = ",".join(OWN)
        return client.indices.get_mapping(index=everything), client.ingest.get_pipeline()

    version = set_up_by_the_first_release(client, settings)
    first = state()
    assert {schema_of(answer["mappings"]) for answer in first[0].values()} == {1}

    # Before anything is migrated, it is read, and goes on.
    assert JudgmentStore(client).find(["j1"])["j1"].p_yes == pytest.approx(0.9)
    assert RunStore(client).latest("train") == ("r1", form_1("documents")["lmtx-runs"]["r1"])
    assert "in use" in run("taggers")
    assert "best_score" not in tagged("a2")["tagging"]

    told = run("bootstrap-index", "--dry-run")
    assert all(f"PUT /{index}/_mapping" in told for index in OWN)
    assert "PUT /_ingest/pipeline/lmtx-tagging" in told
    assert state() == first

    told = run("bootstrap-index")
    for index in OWN:
        assert f"updated        mapping of index {index} (form 1 to {SCHEMA})" in told
    assert f"updated        ingest pipeline lmtx-tagging (form 1 to {SCHEMA})" in told
    told = run("bootstrap-index")
    assert "Nothing changed: the cluster is set up." in told
    assert "run `lmtx-search labels load FILE` again" in " ".join(told.split())
    mappings = client.indices.get_mapping(index=",".join(OWN))
    assert {schema_of(answer["mappings"]) for answer in mappings.values()} == {SCHEMA}
    labels = mappings["lmtx-labels-000001"]["mappings"]
    assert (
        labels["_meta"]["encoder"] == first[0]["lmtx-labels-000001"]["mappings"]["_meta"]["encoder"]
    )
    assert labels["properties"]["broader"] == {"type": "keyword"}

    # The same tagger with the same fields, and what this release knows besides.
    assert read_pipeline(client).text_fields("articles") == ["body"]
    assert tagged("a3")["tagging"]["best_score"] > 0
    assert client.get(index="articles", id="a1")["_source"]["tags"] == ["Chess"]
    facets = json.loads(run("facets", "--index", "articles", "--json"))
    assert facets["documents"] == 3
    run("labels", "add", "go", "Go")
    assert client.count(index="lmtx-labels")["count"] == len(LABELS) + 1
    assert JudgmentStore(client).find(["j1"])["j1"].p_yes == pytest.approx(0.9)


WRITING = [
    ["bootstrap-index"],
    ["labels", "load", "labels.jsonl"],
    ["labels", "add", "go", "Go"],
    ["labels", "rename", "go", "Weiqi"],
    ["labels", "retire", "go", "--yes"],
    ["docs", "load", "documents.jsonl"],
    ["ingest", "documents.jsonl", "--index", "articles"],
    ["attach", "articles", "--text-field", "text"],
    ["detach", "articles"],
    ["estimate"],
    ["judge"],
    ["train"],
    ["deploy", "--untrained"],
    ["rollback"],
    ["taggers", "prune", "--yes"],
    ["retag", "--index", "articles"],
    ["watch", "--index", "articles"],
    ["evaluate", "documents.jsonl", "--gold-field", "tags"],
    ["evaluate", "documents.jsonl", "--by-judge"],
    ["compare", "documents.jsonl", "--gold-field", "tags"],
    ["study", "shortlist", "documents.jsonl", "--gold-field", "tags"],
    ["review", "documents.jsonl"],
    ["ui", "--index", "articles"],
]


READING = {
    "init", "up", "down", "doctor", "status", "config", "completion", "labels gaps",
    "source debian", "runs show", "judgments export", "serve", "tag", "history", "facets",
    "dashboards export", "dashboards import", "report",
}  # fmt: skip
"""Commands that write nothing to the cluster's own indices."""


def test_every_command_either_writes_or_only_reads() -> None:
    commands = set(all_commands())
    called = {" ".join(words[:most]) for words in WRITING for most in (1, 2)}
    assert called & commands == commands - READING
    assert not READING - commands


@pytest.mark.integration
@pytest.mark.parametrize(
    ("path", "body", "what"),
    [
        (
            "/_component_template/lmtx-tags",
            {"template": {}, "_meta": {"schema": SCHEMA + 1}},
            "component template lmtx-tags",
        ),
        (
            "/_index_template/lmtx-runs",
            {"index_patterns": ["lmtx-runs"], "_meta": {"schema": SCHEMA + 1}},
            "index template lmtx-runs",
        ),
        (
            "/_ingest/pipeline/lmtx-tagging",
            {"processors": [], "version": SCHEMA + 1},
            "ingest pipeline lmtx-tagging",
        ),
    ],
    ids=["component template", "index template", "pipeline"],
)
def test_what_a_newer_release_has_set_up_is_left_alone(
    client: Any,
    environment: dict[str, str],
    tmp_path: Path,
    path: str,
    body: dict[str, Any],
    what: str,
) -> None:
    client.transport.perform_request("PUT", path, body=body)
    before = client.transport.perform_request("GET", path)
    done = call("bootstrap-index", environment=environment, folder=tmp_path)
    assert done.code == 2
    assert f"the {what} was written by a newer lmtx-search" in done.err
    assert client.transport.perform_request("GET", path) == before
    assert not client.indices.exists(index="lmtx-labels")


@pytest.mark.integration
def test_every_command_that_writes_refuses_the_cluster_of_a_newer_release(
    client: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "labels.jsonl").write_text('{"id": "go", "text": "Go"}\n')
    (tmp_path / "documents.jsonl").write_text('{"id": "1", "text": "x", "tags": ["Go"]}\n')
    call("bootstrap-index", environment=environment, folder=tmp_path)
    newer = {"_meta": {"schema": SCHEMA + 1}}
    client.indices.put_mapping(index="lmtx-runs", body=newer)
    before = client.indices.stats(index="_all")["_all"]["primaries"]["docs"]
    try:
        for words in WRITING:
            done = call(*words, environment=environment, folder=tmp_path)
            assert (done.code, done.err.splitlines()[-1]) == (
                2,
                f"Error: the index lmtx-runs was written by a newer lmtx-search (form {SCHEMA + 1},"
                f" this one knows up to {SCHEMA}): upgrade lmtx-search here; nothing was changed",
            ), words
        assert client.indices.stats(index="_all")["_all"]["primaries"]["docs"] == before
        assert (
            client.indices.get_mapping(index="lmtx-runs")["lmtx-runs"]["mappings"]["_meta"]
            == newer["_meta"]
        )
        assert not client.indices.exists(index="articles,lmtx-documents")
        # Whoever only looks may go on.
        assert call("status", environment=environment, folder=tmp_path).code == 0
        assert call("runs", environment=environment, folder=tmp_path).code == 0
    finally:
        client.indices.delete(index="lmtx-runs")
