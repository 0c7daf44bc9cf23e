"""Documents with one id in two indices of an alias, on the page."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.settings import Settings
from lmtx_search.ui.app import create_app
from tests.support.live_tagger import deployed, load_labels
from tests.support.suggestions import index_tagged, tagged
from tests.support.tagger_service import LABELS, running

pytestmark = pytest.mark.integration


def test_each_is_shown_decided_on_and_explained_by_itself(
    client: Any, settings: Settings, environment: dict[str, str]
) -> None:
    apply(client, plan(client, settings))
    load_labels(client, settings, LABELS)
    with running(environment):
        deployed(client, settings)
    for index, tag in (("part-a", "Chess"), ("part-b", "Web browser")):
        prepare_tagged_index(client, index)
        index_tagged(client, index, [{**tagged("7", {tag: 0.9}), "text": f"About {tag}"}])
        client.indices.put_alias(index=index, name="both")
    page = TestClient(
        create_app(settings, "both"), base_url="http://127.0.0.1", client=("127.0.0.1", 5000)
    )
    found = {one["tags"][0]["tag"]: one for one in page.get("/api/documents").json()["found"]}
    texts = {tag: one["text"].rpartition("\n")[2] for tag, one in found.items()}
    assert texts == {"Chess": "About Chess", "Web browser": "About Web browser"}
    body = {"tag": "Chess", "decision": "reject", "documents": [found["Chess"]["place"]]}
    assert page.post("/api/decisions", json=body).json()["results"][0]["problem"] is None
    rejected = [
        client.get(index=index, id="7")["_source"].get("tags_rejected")
        for index in ("part-a", "part-b")
    ]
    assert rejected == [["Chess"], None]

    unclear = page.get("/api/explain", params={"document": "7"})
    assert unclear.status_code == 400
    assert "several documents of both have the id 7 (part-a and part-b)" in unclear.json()["error"]
    told = page.get("/api/explain", params={"document": "7", "index": "part-a"}).json()
    because = {label["name"]: label["because"] for label in told["labels"]}
    assert (told["index"], because["Chess"]) == ("part-a", "rejected by a person")
    outside = page.get("/api/explain", params={"document": "7", "index": "lmtx-labels"})
    assert "there is no document 7 in lmtx-labels" in outside.json()["error"]
