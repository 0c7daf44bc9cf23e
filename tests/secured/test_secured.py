"""A secured cluster: who signs in how, what is told of what goes wrong, what each role can do."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import AuthorizationException, TransportError

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.setup.roles import role
from lmtx_search.settings import OpenSearchSettings, Settings
from tests.support.certificates import Authority
from tests.support.secured_job import DOCUMENTS, INDEX, OLDER, STEPS, Job, job
from tests.support.secured_node import PASSWORD, SecuredNode, bearer, run_lmtx, secured_node

pytestmark = pytest.mark.integration

DAY = ("bootstrap", "labels", "docs", "deploy", "ingest", "facets", "evaluate", "retag")
CHANGES = ("add", "rename", "retire", "attach")


@pytest.fixture(scope="module")
def node() -> Iterator[SecuredNode]:
    with secured_node() as found:
        patterns = ("--index", INDEX, "--index", OLDER)
        for name, words in (("lmtx", ("operator",)), ("lmtx-writer", ("writer",))):
            printed = run_lmtx(os.environ, "bootstrap-index", "--print-role", *words, *patterns)
            found.put_role(name, json.loads(printed.stdout))
        yield found


@pytest.fixture(scope="module")
def operator(node: SecuredNode) -> Iterator[Job]:
    with job(node, "operator") as found:
        yield found


def sign_in(node: SecuredNode, **settings: Any) -> Any:
    """Return who the node says that asks."""
    client = connect(OpenSearchSettings(url=node.url, ca_file=node.ca.file, **settings))
    return client.transport.perform_request("GET", "/_plugins/_security/authinfo")["user_name"]


def test_a_user_signs_in_by_password_by_token_and_by_certificate(node: SecuredNode) -> None:
    assert sign_in(node, user="writer", password=PASSWORD) == "writer"
    assert sign_in(node, token=bearer("writer")) == "writer"
    own = node.ca.pair("writer")
    assert sign_in(node, client_cert=own.certificate, client_key=own.key) == "writer"


def refusal(node: SecuredNode, **settings: Any) -> str:
    """Return what is told of a first request with these settings."""
    given = {"url": node.url, "ca_file": node.ca.file, **settings}
    with pytest.raises(TransportError) as caught:
        connect(OpenSearchSettings(**given)).info()
    return str(translate(caught.value))


def test_what_is_wrong_is_one_clear_line(node: SecuredNode, tmp_path: Path) -> None:
    user = {"user": "operator", "password": PASSWORD}
    unknown = f"{node.url} does not accept the user: check"
    password = "opensearch.user and LMTX_OPENSEARCH_PASSWORD"
    assert refusal(node, user="operator", password="wrong") == f"{unknown} {password}"
    assert refusal(node) == f"{unknown} {password}"
    assert refusal(node, token="wrong") == f"{unknown} LMTX_OPENSEARCH_TOKEN"
    assert refusal(node, **user, ca_file=Authority(tmp_path, "other").file) == (
        f"the certificate of {node.url} cannot be trusted (unable to get local issuer certificate)"
        ": give its CA with --ca-file (opensearch.ca_file), or --no-verify to trust it unseen"
    )
    foreign = Authority(tmp_path, "foreign").pair("operator")
    shown = {"client_cert": foreign.certificate, "client_key": foreign.key}
    assert "refused the client certificate" in refusal(node, **shown)
    plain = node.url.replace("https://", "http://")
    assert refusal(node, url=plain, ca_file=None) == (
        f"{plain} dropped the connection (it may want https://): check opensearch.url"
    )
    assert refusal(node, user="writer", password=PASSWORD) == (
        f"the user lacks the right cluster:monitor/main for GET / at {node.url}: ask for the "
        "role that `lmtx-search bootstrap-index --print-role` prints"
    )


def test_a_command_that_may_not_says_so_in_one_line(node: SecuredNode, tmp_path: Path) -> None:
    environment = {**os.environ, **node.environment("writer")}
    done = run_lmtx(environment, "bootstrap-index", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: the user lacks the right cluster:monitor/main for GET /")
    assert len(done.stderr.splitlines()) == 1


def test_the_whole_job_needs_no_more_than_the_printed_role(
    operator: Job, node: SecuredNode
) -> None:
    properties = {"title": {"type": "text"}}
    node.administrator.indices.create(index=OLDER, body={"mappings": {"properties": properties}})
    for name in (*DAY, *CHANGES):
        done = operator.step(name)
        assert done.returncode == 0, f"{name}: {done.stderr}{done.stdout}"
    found = node.administrator.search(index=INDEX, body={"query": {"exists": {"field": "tags"}}})
    assert found["hits"]["total"]["value"] == DOCUMENTS


def test_whoever_only_writes_has_documents_tagged(operator: Job, node: SecuredNode) -> None:
    done = operator.run(*STEPS["ingest"], **node.environment("writer"))
    assert done.returncode == 0, done.stderr
    settings = OpenSearchSettings(
        url=node.url, ca_file=node.ca.file, user="writer", password=PASSWORD
    )
    client = connect(settings)
    client.index(index=INDEX, id="new", body={"title": "All about chess"})
    source = node.administrator.get(index=INDEX, id="new")["_source"]
    assert source["tags"][0] == "chess"
    with pytest.raises(AuthorizationException):
        client.search(index=INDEX)


@pytest.mark.parametrize(
    "restriction",
    [{"fls": ["~text"]}, {"masked_fields": ["text"]}, {"dls": '{"term": {"_id": "chess-1"}}'}],
    ids=["fields", "masks", "documents"],
)
def test_retag_writes_nothing_back_that_the_user_does_not_see(
    operator: Job, node: SecuredNode, restriction: dict[str, Any]
) -> None:
    full = role("operator", Settings(), [INDEX, OLDER])
    less = copy.deepcopy(full)
    (others,) = less["index_permissions"]
    others["index_patterns"] = [one for one in others["index_patterns"] if one != INDEX]
    less["index_permissions"].append({**others, "index_patterns": [INDEX], **restriction})
    before = node.administrator.get(index=INDEX, id="chess-1")
    node.put_role("lmtx", less)
    try:
        runs = [
            operator.run(*STEPS["retag"], "--everything", *more) for more in ([], ["--dry-run"])
        ]
    finally:
        node.put_role("lmtx", full)
    for done in runs:
        assert done.returncode == 2, done.stdout
        assert f"sees only a part of the documents of {INDEX}" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert node.administrator.get(index=INDEX, id="chess-1") == before


def test_doctor_names_rights_to_write_that_are_missing(operator: Job, node: SecuredNode) -> None:
    full = role("operator", Settings(), [INDEX, OLDER])
    less = copy.deepcopy(full)
    missing = ["cluster:admin/ingest/pipeline/put", "indices:admin/delete"]
    less["cluster_permissions"].remove(missing[0])
    less["index_permissions"][0]["allowed_actions"].remove(missing[1])
    less["index_permissions"][0]["allowed_actions"].remove("indices:data/write/index")
    found = []
    for body in (less, full):
        node.put_role("lmtx", body)
        checks = json.loads(operator.run("doctor", "--json").stdout)["checks"]
        found.append(next(check["found"] for check in checks if check["name"] == "rights"))
    assert found[0] == f"the user lacks {', '.join([*missing, 'indices:data/write/index'])}"
    assert found[1].startswith("has the rights to write")
