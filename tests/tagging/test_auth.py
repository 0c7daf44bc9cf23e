"""A tagger that asks for a token: who has it is answered, and it is nowhere to be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from subprocess import Popen
from traceback import format_exception
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from lmtx_search.cli.main import cli
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.service import server
from lmtx_search.tagging.service.auth import TokenGuard, bearer
from tests.conftest import Run
from tests.support.backends import Servers
from tests.support.live_tagger import bootstrap, index_documents, tags_of
from tests.support.tagger_service import call, running

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
    assert "requires its token" in answer.json()["error"]


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


def test_a_wrong_token_is_in_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_SERVICE_TOKEN", "nearly-right")
    with pytest.raises(UserError) as refused:
        load_settings()
    assert "nearly-right" not in "".join(format_exception(refused.value))


@pytest.mark.parametrize(
    ("host", "token", "warned"),
    [(None, "", False), ("0.0.0.0", "", True), ("0.0.0.0", TOKEN, False)],
)
def test_only_this_machine_reaches_it_or_it_warns_that_others_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str | None, token: str, warned: bool
) -> None:
    heard = []

    class Listener:
        """A socket that listens nowhere."""

        def getsockname(self) -> tuple[str, int]:
            return heard[-1], 8787

    def listen(host: str, port: int) -> Listener:
        heard.append(host)
        return Listener()

    def serve(app: Any, listener: socket, started: Callable[[], None]) -> None:
        started()

    monkeypatch.setattr(server, "listen", listen)

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.chdir(tmp_path)
    if token:
        monkeypatch.setenv("LMTX_SERVICE_TOKEN", token)
    words = [
        "--data-dir",
        str(tmp_path),
        "serve",
        "--port",
        "0",
        *(["--host", host] if host else []),
    ]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert heard == [host or "127.0.0.1"]
    assert ("every client that reaches this address is answered" in done.output) == warned


@dataclass
class Secret:
    """The environment of commands that know the token, and a service that asks for it."""

    environment: dict[str, str]
    process: Popen[str]
    log: Path


@pytest.fixture
def secret(environment: dict[str, str], tmp_path: Path) -> Iterator[Secret]:
    environment["LMTX_SERVICE_TOKEN"] = TOKEN
    log = tmp_path / "service.log"
    with log.open("w") as errors, running(environment, errors) as process:
        yield Secret(environment, process, log)


@pytest.mark.integration
class TestToken:
    def test_the_cluster_shows_it_and_nobody_reads_it(
        self, servers: Servers, client: Any, settings: Settings, lmtx: Run, secret: Secret
    ) -> None:
        bootstrap(client, settings, lmtx)
        # Another token than the service's: nothing comes to be there.
        other = secret.environment | {"LMTX_SERVICE_TOKEN": "another-token-of-the-tests"}
        refused = lmtx("deploy", "--untrained", env=other)
        assert refused.returncode == 2
        assert "requires another token" in refused.stderr
        traced = lmtx("deploy", "--untrained", env=other | {"LMTX_DEBUG": "1"})
        assert "Traceback" in traced.stderr
        assert "another-token-of-the-tests" not in traced.stderr

        deployed = lmtx("deploy", "--untrained", "--threshold", "0.3", "--precision", "fp32")
        assert deployed.returncode == 0, deployed.stderr
        assert tags_of(client, "plays chess")[0] == "Chess"

        version = read_pipeline(client).tagger
        path = f"/taggers/{version}/tag"
        status, answer = call(secret.environment, path, {"input": ["plays chess"]})
        assert (status, list(answer)) == (401, ["error"])
        assert call(secret.environment, path, b"{")[0] == 401
        assert call(secret.environment, "/ready") == (200, {"status": "ready"})

        connectors = client.transport.perform_request(
            "POST", "/_plugins/_ml/connectors/_search", body={"query": {"match_all": {}}}
        )
        assert version in json.dumps(connectors)
        secret.process.terminate()
        secret.process.wait(timeout=60)
        with secret.log.open("a") as errors, running(other, errors):
            index_documents(client, "articles", [{"id": "1", "text": "plays chess"}])
        source = client.get(index="articles", id="1")["_source"]
        assert source["tagging"]["status"] == "pending"
        told = [
            json.dumps(connectors),
            json.dumps(client.ingest.get_pipeline()),
            json.dumps(source),
            json.dumps(client.search(index="lmtx-*", body={"size": 1000})),
            *(lmtx(*words).stdout for words in WORDS),
            secret.log.read_text(),
            "".join(map(_read, Path("/proc").glob("[0-9]*/cmdline"))),
            *map(_read, servers.logs.glob("*.log") if servers.logs else ()),
        ]
        assert [text for text in told if TOKEN in text] == []


WORDS = [("config",), ("config", "--json"), ("doctor", "--json"), ("status", "--json")]


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # a process that ended meanwhile, or another user's
        return ""
