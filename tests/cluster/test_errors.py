import json

import pytest
from opensearchpy import (
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    NotFoundError,
    RequestError,
    TransportError,
)

from lmtx_search.cluster.client import retry
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.ml.connectors import deploy_model, ml_request
from lmtx_search.embedded.net import free_port
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import OpenSearchSettings
from tests.support.http_server import QuietHandler, serving


def body(kind, reason, **more):
    cause = {"type": kind, "reason": reason, **more}
    return {"error": {**cause, "root_cause": [cause]}}


def test_no_cluster_says_where_and_what_to_do():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Exception) as caught:
        connect(OpenSearchSettings(url=url)).info()
    translated = translate(caught.value)
    assert str(translated) == (
        f"no OpenSearch at {url}: start one (`lmtx-search up`) or set opensearch.url (--url)"
    )
    assert translated.exit_code == 1


def test_an_answer_that_breaks_off_is_no_cluster_that_is_not_there():
    class Handler(QuietHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"version"')

    with serving(Handler) as url:
        client = connect(OpenSearchSettings(url=url), reading=True)
        with pytest.raises(TransportError) as caught:
            client.info()
    clear = translate(caught.value)
    assert str(clear) == (
        f"{url} dropped the connection in the middle of its answer (GET /): run the same command "
        "again"
    )


@pytest.mark.parametrize("busy", [429, 503])
def test_an_error_that_is_no_fault_is_none_after_a_refusal_either(busy):
    statuses = iter([busy, 404])

    class Handler(QuietHandler):
        def do_GET(self):
            self.send_response(next(statuses))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    with serving(Handler) as url:
        client = connect(OpenSearchSettings(url=url), reading=True)
        assert client.ingest.get_pipeline(id="a-*", params={"ignore": 404}) == {}


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (AuthenticationException(401, "", None), UserError, "does not accept the user"),
        (
            AuthorizationException(403, "", {"message": "The security token is invalid"}),
            UserError,
            "does not allow this request: The security token is invalid",
        ),
        (
            AuthorizationException(
                403,
                "security_exception",
                body("security_exception", "no permissions for [indices:data/write/bulk] and User"),
            ),
            UserError,
            "lacks the right indices:data/write/bulk",
        ),
        (
            AuthorizationException(
                403,
                "cluster_block_exception",
                body("cluster_block_exception", "index [x] blocked by: [read-only / allow delete]"),
            ),
            LmtxError,
            "free disk space",
        ),
        (
            NotFoundError(
                404,
                "index_not_found_exception",
                body("index_not_found_exception", "no such index", index="mine"),
            ),
            UserError,
            "no index mine",
        ),
        (
            NotFoundError(
                404,
                "index_not_found_exception",
                body("index_not_found_exception", "no such index", index="lmtx-runs"),
            ),
            UserError,
            "bootstrap-index",
        ),
        (
            RequestError(
                400,
                "mapper_parsing_exception",
                body("mapper_parsing_exception", "No handler for type [knn_vector]"),
            ),
            UserError,
            "k-NN plugin",
        ),
        (ConnectionTimeout("TIMEOUT", "", None), LmtxError, "opensearch.timeout"),
        (TransportError(429, "rejected", None), LmtxError, "too busy"),
        (TransportError(503, "not initialized", None), LmtxError, "not ready"),
        (RequestError(400, "odd", body("odd", "why")), LmtxError, "answered 400: why"),
    ],
)
def test_each_is_one_line_that_says_what_to_do(error, kind, words):
    translated = translate(error)
    assert type(translated) is kind
    assert words in str(translated)
    assert "\n" not in str(translated)


def test_other_errors_are_not_touched():
    assert translate(KeyError("x")) is None


def test_a_ca_file_that_is_not_there_or_none_is_one_clear_line(tmp_path):
    missing = tmp_path / "ca.pem"
    settings = OpenSearchSettings(url="https://localhost:9200", ca_file=missing)
    with pytest.raises(UserError, match="cannot read the CA file"):
        connect(settings)
    missing.write_text("nonsense")
    with pytest.raises(UserError, match="no PEM certificate"):
        connect(settings)


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (
            "There are no ingest nodes in this cluster, unable to forward request to an ingest "
            "node.",
            "has the role ingest, which runs pipelines",
        ),
        (
            "unknown setting [archived.knn.plugin.enabled] did you mean [knn.plugin.stats]?",
            'PUT _cluster/settings {"persistent": {"archived.*": null}}',
        ),
    ],
)
def test_what_the_cluster_lacks_says_what_to_do(reason, line):
    error = TransportError(500, "exception", body("illegal_state_exception", reason))
    clear = translate(error)
    assert isinstance(clear, UserError)
    assert line in str(clear)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (500, "Fetching master key timed out."),
        (404, "The ML encryption master key has not been initialized yet. Please retry later."),
    ],
)
def test_a_node_without_its_key_for_credentials_is_asked_again(monkeypatch, status, reason):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    answers = iter(
        [
            (status, body("m_l_exception", reason)),
            (200, {"connector_id": "c"}),
        ]
    )

    class Handler(QuietHandler):
        def do_POST(self):
            status, answer = next(answers)
            data = json.dumps(answer).encode()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with serving(Handler) as url:
        client = connect(OpenSearchSettings(url=url), reading=True)
        answer = ml_request(client, "POST", "/connectors/_create", {"name": "x"})
    assert answer == {"connector_id": "c"}


def test_a_model_is_deployed_again_where_a_node_had_no_key_for_credentials(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    states = iter(
        [
            {"state": "FAILED", "error": '{"node":"Fetching master key timed out."}'},
            {"state": "COMPLETED", "model_id": "m"},
        ]
    )
    deployed = []

    class Handler(QuietHandler):
        def do_POST(self):
            deployed.append(self.path)
            self._answer({"task_id": "t"})

        def do_GET(self):
            self._answer(next(states))

        def _answer(self, answer):
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with serving(Handler) as url:
        deploy_model(connect(OpenSearchSettings(url=url), reading=True), "m")
    assert deployed == ["/_plugins/_ml/models/m/_deploy"] * 2


def test_too_many_groups_are_not_a_cluster_that_is_not_ready():
    reason = "Trying to create too many buckets. Must be less than or equal to: [65535]"
    cause = {"type": "too_many_buckets_exception", "reason": reason}
    answer = {"error": {"type": "search_phase_execution_exception", "reason": "", "root_cause": []}}
    answer["error"]["caused_by"] = cause
    error = TransportError(503, "search_phase_execution_exception", answer)
    assert not retry.is_passing(error)
    translated = translate(error)
    assert isinstance(translated, UserError)
    assert "search.max_buckets" in str(translated)
    assert reason in str(translated)
