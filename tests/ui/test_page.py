"""What the page's server refuses, and its messages, without a cluster."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.settings import load_settings
from lmtx_search.ui.app import create_app
from lmtx_search.ui.requests import MAX_BODY
from tests.support.tiny_tagger import version_of

HERE = "http://127.0.0.1:1234"
PLACE = {"index": "articles", "id": "a", "routing": None, "digest": ""}
DECISION = {"tag": "b", "decision": "reject", "documents": [PLACE]}


@pytest.fixture
def page(tmp_path):
    flags = {"opensearch.url": "http://127.0.0.1:1", "data_dir": tmp_path}
    return TestClient(create_app(load_settings(flags=flags), "articles"), base_url=HERE)


def test_the_pages_load_nothing_from_elsewhere(page):
    for path in ("/", "/try", "/static/style.css", "/static/documents.js"):
        answer = page.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/documents", None),
        ("GET", "/api/labels?q=chess", None),
        ("GET", "/api/tag?label=a", None),
        ("GET", "/api/explain?document=a", None),
        ("POST", "/api/decisions", DECISION),
        ("POST", "/api/decisions/withdraw", {"tag": "b", "documents": [PLACE]}),
    ],
)
def test_a_cluster_that_is_gone_is_one_clear_line(page, method, path, body):
    answer = page.request(method, path, json=body)
    assert answer.status_code == 502
    assert answer.json()["error"].startswith("no OpenSearch at http://127.0.0.1:1: start one")


def test_no_tagger_is_one_clear_line(page):
    answer = page.post("/api/try", json={"text": "chess"})
    assert answer.status_code == 400
    assert "no tagger to tag with" in answer.json()["error"]
    assert "lmtx-search deploy" in answer.json()["error"]


def test_without_the_cluster_the_newest_tagger_here_explains_and_says_so(page, tmp_path):
    made = version_of(tmp_path, threshold=0.9, calibration=Calibration(5.0, -2.0, 50))
    found = page.post("/api/try", json={"text": "chess"}).json()
    assert (found["tagger"], found["threshold"], found["calibrated"]) == (
        made.manifest.version,
        0.9,
        True,
    )
    assert "tagging with the newest version here" in found["note"]
    first, *near = found["labels"]
    assert (first["name"], first["band"], first["p_yes"]) == ("chess", "applied", 0.953)
    assert [label["assigned"] for label in near] == [False] * 3
    assert page.post("/api/try", json={"text": " "}).json()["labels"] == []


def test_a_text_is_explained_without_the_cluster_and_the_answer_says_what_is_missing(
    page, tmp_path
):
    made = version_of(tmp_path, threshold=0.9, calibration=Calibration(5.0, -2.0, 50))
    found = page.post("/api/explain", json={"text": "Mail. Chess."}).json()
    by_name = {label["name"]: label for label in found["labels"]}
    assert by_name["chess"]["passage"]["text"] == "Chess."
    assert by_name["chess"]["examples"] == []
    assert (found["provenance"]["tagger"], found["provenance"]["run"]) == (
        made.manifest.version,
        None,
    )
    assert "no OpenSearch" in found["missing"]
    assert found["language"] is None


def test_a_text_in_a_language_that_the_encoder_does_not_know_is_said_to_be_one(page, tmp_path):
    version_of(tmp_path)
    text = "Die Bücherei sammelt Bücher für ihre Leser. " * 10
    told = page.post("/api/explain", json={"text": text}).json()["language"]
    assert told.startswith("The encoder was probably not made for the language of the text: it ")


def test_a_document_to_explain_must_be_named(page):
    answer = page.get("/api/explain")
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "name a document: /api/explain?document=ID&index=INDEX&routing=ROUTING",
    )
    assert page.post("/api/explain", json={"text": 1}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/decisions"), ("POST", "/api/try")])
def test_another_sites_page_changes_nothing(page, method, path, headers):
    answer = page.request(method, path, json=DECISION, headers=headers)
    assert answer.status_code == 403
    assert "this page only" in answer.json()["error"]
    assert "access-control-allow-origin" not in answer.headers


def test_the_pages_own_requests_pass(page):
    headers = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert page.post("/api/decisions", json=DECISION, headers=headers).status_code == 502


def test_a_form_of_another_site_is_refused_by_its_type(page):
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"content-type": kind}
        answer = page.post("/api/decisions", content='{"tag": "a"}', headers=headers)
        assert answer.status_code == 415


@pytest.mark.parametrize("host", ["evil.example", "evil.example:1234", "[", ""])
def test_a_foreign_host_name_is_refused(page, host):
    for path in ("/", "/api/documents"):
        assert page.get(path, headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:1234", "127.0.0.1", "[::1]:8080"])
def test_the_machines_own_host_names_are_accepted(page, host):
    assert page.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "a JSON object"),
        (b'{"tag": 1, "decision": "accept", "documents": []}', '"accept"|"reject", "documents"'),
        (b'{"tag": "a", "decision": "no", "documents": []}', '"accept"|"reject", "documents"'),
        (b'{"tag": "a", "decision": "accept", "documents": [1]}', "at most 40 documents"),
    ],
)
def test_an_invalid_decision_is_refused(page, body, problem):
    headers = {"content-type": "application/json"}
    answer = page.post("/api/decisions", content=body, headers=headers)
    assert answer.status_code == 400
    assert problem in answer.json()["error"]


def test_what_names_no_single_decision_is_refused(page):
    for body in (
        {"tag": "", "documents": [PLACE]},
        {"tag": "a", "documents": [PLACE, PLACE | {"id": "b"}]},
    ):
        answer = page.post("/api/decisions/withdraw", json=body)
        assert (answer.status_code, answer.json()["error"]) == (
            400,
            'the body must be {"tag": …, "documents": […]} with one document',
        )


def test_a_text_to_try_must_be_a_string_of_limited_length(page):
    assert page.post("/api/try", json={"text": ["chess"]}).status_code == 400
    assert page.post("/api/try", json={"text": "a" * MAX_BODY}).status_code == 413


@pytest.mark.parametrize(
    "parameters",
    [
        "start=-1",
        "start=x",
        "start=²",
        "start=10000",
        f"start={'0' * 5000}",
        "size=1001",
        f"q={'a' * 1001}",
    ],
)
def test_invalid_parameters_are_refused(page, parameters):
    answer = page.get(f"/api/documents?{parameters}")
    assert answer.status_code == 400
    assert answer.json()["error"].count("\n") == 0


def test_other_addresses_and_methods_are_json_errors(page):
    assert page.get("/nothing").json() == {"error": "Not Found"}
    assert page.get("/static/../app.py").status_code == 404
    assert page.post("/api/documents", json={}).json() == {"error": "Method Not Allowed"}
