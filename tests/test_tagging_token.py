"""A tagger that asks for a token: who has it is answered, and it is nowhere to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from lmtx_search.cluster.pipeline import read_pipeline
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.token import TokenGuard, bearer
from tests.conftest import Run
from tests.live_tagger import bootstrap, tags_of
from tests.tagger_service import call, running

TOKEN = "a-token-of-the-tests-0123456789"


@pytest.fixture
def guarded() -> TestClient:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("tags")

    routes = [Route("/taggers/v/tag", answer, methods=["POST"]), Route("/health", answer)]
    return TestClient(
        Starlette(routes=routes, middleware=[Middleware(TokenGuard, SecretStr(TOKEN))])
    )


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}])
def test_who_does_not_show_the_token_is_refused(guarded: TestClient, shown: dict[str, str]) -> None:
    answer = guarded.post("/taggers/v/tag", headers=shown)
    assert answer.status_code == 401
    assert "asks for its token" in answer.json()["error"]


def test_who_shows_it_is_answered(guarded: TestClient) -> None:
    assert guarded.post("/taggers/v/tag", headers=bearer(SecretStr(TOKEN))).text == "tags"


def test_a_load_balancer_needs_none(guarded: TestClient) -> None:
    assert guarded.get("/health").status_code == 200


@pytest.mark.parametrize("token", ["short", "with spaces in it, and long", "naïve-but-long-enough"])
def test_a_token_that_is_easy_to_guess_or_no_header_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("LMTX_SERVICE_TOKEN", token)
    with pytest.raises(UserError, match=r"service\.token = …: .* 16") as refused:
        load_settings()
    assert token not in str(refused.value)


@pytest.fixture
def secret(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of commands that know the token, with a service that asks for it."""
    environment["LMTX_SERVICE_TOKEN"] = TOKEN
    with running(environment):
        yield environment


@pytest.mark.integration
class TestToken:
    def test_the_cluster_shows_it_and_nobody_reads_it(
        self, client: Any, settings: Settings, lmtx: Run, secret: dict[str, str]
    ) -> None:
        bootstrap(client, settings, lmtx)
        # Another token than the service's: nothing comes to be there.
        other = secret | {"LMTX_SERVICE_TOKEN": "another-token-of-the-tests"}
        refused = lmtx("deploy", "--untrained", env=other)
        assert refused.returncode == 2
        assert "asks for another token" in refused.stderr

        deployed = lmtx("deploy", "--untrained", "--threshold", "0.3", "--precision", "fp32")
        assert deployed.returncode == 0, deployed.stderr
        assert tags_of(client, "plays chess")[0] == "Chess"

        version = read_pipeline(client).tagger
        status, answer = call(secret, f"/taggers/{version}/tag", {"input": ["plays chess"]})
        assert (status, list(answer)) == (401, ["error"])
        assert call(secret, "/ready") == (200, {"status": "ready"})

        connectors = client.transport.perform_request(
            "POST", "/_plugins/_ml/connectors/_search", body={"query": {"match_all": {}}}
        )
        pipelines = client.ingest.get_pipeline()
        told = lmtx("config").stdout + lmtx("config", "--json").stdout
        assert version in json.dumps(connectors)
        assert TOKEN not in json.dumps(connectors) + json.dumps(pipelines) + told
