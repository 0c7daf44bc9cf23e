"""Documents with one id in two indices of an alias, on the page."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.settings import Settings
from lmtx_search.ui.app import create_app
from tests.support.live_tagger import load_labels
from tests.support.suggestions import index_tagged, tagged
from tests.support.tagger_service import LABELS

pytestmark = pytest.mark.integration


def test_each_is_shown_with_its_own_text_and_an_answer_needs_one_of_them(
    client: Any, settings: Settings
) -> None:
    apply(client, plan(client, settings))
    load_labels(client, settings, LABELS)
    for index, tag in (("part-a", "Chess"), ("part-b", "Web browser")):
        prepare_tagged_index(client, index)
        index_tagged(client, index, [{**tagged("7", {tag: 0.9}), "text": f"About {tag}"}])
        client.indices.put_alias(index=index, name="both")
    page = TestClient(
        create_app(settings, "both"), base_url="http://127.0.0.1", client=("127.0.0.1", 5000)
    )
    found = page.get("/api/documents").json()["found"]
    shown = {one["tags"][0]["tag"]: one["text"] for one in found}
    assert {tag: text.endswith(f"About {tag}") for tag, text in shown.items()} == {
        "Chess": True,
        "Web browser": True,
    }
    answer = page.put("/api/opinions", json={"document": "7", "label": "web", "answer": "yes"})
    assert answer.status_code == 400
    assert "several documents of both have the id 7" in answer.json()["error"]
