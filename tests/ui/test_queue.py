"""Which documents the queue shows to whom, on a real cluster."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.settings import Settings
from lmtx_search.ui.app import create_app
from lmtx_search.ui.queue import Queue
from tests.support.suggestions import index_tagged, tagged

pytestmark = pytest.mark.integration


def suggested(client: Any, index: str, number: int) -> None:
    """Index documents with the ids 1 to ``number``, the most probable ones first."""
    prepare_tagged_index(client, index)
    index_tagged(
        client, index, [tagged(str(n), {}, {"Chess": 0.5 - n / 100}) for n in range(1, number + 1)]
    )


@pytest.fixture(autouse=True)
def ready(client: Any, settings: Settings) -> None:
    apply(client, plan(client, settings))


def places(page: dict[str, Any]) -> list[Place]:
    return [Place(one["index"], one["id"], one["routing"]) for one in page["found"]]


def test_a_claim_hides_no_document_of_the_same_id_in_another_index(
    client: Any, settings: Settings
) -> None:
    for index in ("articles", "letters"):
        suggested(client, index, 3)
    queues = {name: Queue(client, settings.documents, name) for name in ("articles", "letters")}
    hers = places(queues["articles"].page("anna"))
    assert places(queues["articles"].page("ben")) == []
    his = places(queues["letters"].page("ben"))
    assert [place.id for place in hers] == [place.id for place in his] == ["1", "2", "3"]


@pytest.mark.parametrize("by", ["anna", None])
def test_documents_that_were_passed_over_come_when_no_other_is_left(
    client: Any, settings: Settings, by: str | None
) -> None:
    suggested(client, "articles", 45)
    queue = Queue(client, settings.documents, "articles")
    passed: list[Place] = []
    sizes = []
    for _ in range(3):
        page = queue.page(by, passed=passed)
        assert not page["again"]
        sizes.append(len(page["found"]))
        passed += places(page)
    assert (sizes, len(set(passed))) == ([20, 20, 5], 45)
    page = queue.page(by, passed=passed)
    assert page["again"]
    assert places(page) == passed[:20]


@pytest.mark.parametrize(
    "passed", ["1", [1], [{"index": "articles"}], [{"index": "a", "id": "b", "routing": 1}]]
)
def test_what_is_no_list_of_documents_is_one_clear_line(settings: Settings, passed: Any) -> None:
    page = TestClient(create_app(settings, "articles"), base_url="http://127.0.0.1")
    answer = page.post("/api/queue", json={"label": None, "passed": passed})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith('the body must be {"label": tag|null, "passed": [')
