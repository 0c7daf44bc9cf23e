"""Why a stored document has its tags, on a real cluster with a real tagger."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.cluster.documents.one import find_one
from lmtx_search.cluster.ml.pipeline import put_pipeline, read_pipeline, untagged_pipeline
from lmtx_search.errors import UserError
from lmtx_search.tagging.explained_document import explain_stored, read_stored
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.untouched import Untouched
from tests.tagging.conftest import CHESS, Attached

pytestmark = pytest.mark.integration


def test_what_people_decided_counts_and_a_document_that_is_never_touched_has_no_band(
    attached: Attached,
) -> None:
    client, settings = attached.client, attached.settings
    people = {"tags_manual": ["Web browser"], "tags_rejected": ["Chess"]}
    attached.bulk({"index": {"_id": "decided"}}, {**CHESS, **people})
    place = ["--index", attached.index, "--document", "decided"]
    flags = ["--url", settings.opensearch.url, "--data-dir", str(settings.data_dir)]
    done = CliRunner().invoke(cli, [*flags, "tag", "--explain", *place, "--json"])
    assert done.exception is None, done.output
    found = json.loads(done.stdout)
    because = {label["name"]: label["because"] for label in found["labels"]}
    assert because["Chess"] == "rejected by a person"
    assert (found["index"], found["tagged_by"]) == ("articles", found["tagger"])
    assert (found["manual"], found["rejected"]) == (["Web browser"], ["Chess"])

    tagger = Tagger(TaggerVersions(settings.data_dir).get(found["tagger"]))
    body = read_pipeline(client).body
    never = Untouched.of(json.dumps({"exists": {"field": "tags_manual"}}))
    put_pipeline(client, untagged_pipeline(untouched=never))
    try:
        told = explain_stored(settings, tagger, read_stored(settings, attached.index, "decided"))
    finally:
        put_pipeline(client, body)
    assert {(one.explanation.because, one.explanation.band) for one in told.reasons} == {
        ("the document is never touched (documents.untouched_query)", "neither")
    }


def test_documents_with_one_id_are_told_apart_by_their_routing(attached: Attached) -> None:
    client, settings = attached.client, {"index.number_of_shards": 8}
    client.indices.create(index="articles-routed", body={"settings": settings})
    for routing in ("berlin", "oslo"):
        params = {"routing": routing, "refresh": "true"}
        client.index(index="articles-routed", id="7", body={"city": routing}, params=params)
    with pytest.raises(UserError, match=r"the id 7 \(articles-routed with the routing berlin and "):
        find_one(client, "articles-routed", "7")
    found = find_one(client, "articles-routed", "7", routing="oslo")
    assert found["_source"] == {"city": "oslo"}
    with pytest.raises(UserError, match="no document 7 with the routing rome in articles-routed"):
        find_one(client, "articles-routed", "7", routing="rome")
