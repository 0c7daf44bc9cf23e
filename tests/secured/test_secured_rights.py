"""Each right of the printed roles is needed: without it a step of the job fails and names it."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificate
from opensearchpy import AuthorizationException, NotFoundError

from lmtx_search.cli.context import Lines
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.lock import LOCK
from lmtx_search.cluster.setup.roles import role
from lmtx_search.embedded.models import prepare_judge
from lmtx_search.embedded.net import LOOPBACK, free_port
from lmtx_search.embedded.ollama import add_model, find_ollama, model_store, start_ollama
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import Process, stop
from lmtx_search.embedded.servers import prepared
from lmtx_search.settings import OpenSearchSettings, Settings, load_settings
from tests.support.secured_job import INDEX, LEGACY, OLDER, PATTERN, STREAM, Job, job
from tests.support.secured_node import PASSWORD, SecuredNode, run_lmtx, secured_node

PATTERNS = [INDEX, OLDER, STREAM, PATTERN, LEGACY]
_ML = "cluster:admin/opensearch/ml"
# Step → the rights without which it fails, in the order in which it comes to need them.
NEEDED: dict[str, tuple[str, ...]] = {
    "bootstrap": (
        "cluster:monitor/main",
        "cluster:monitor/nodes/info",
        "cluster:admin/component_template/get",
        "indices:admin/index_template/get",
        "indices:admin/aliases/get",
        "indices:admin/get",
        "cluster:admin/ingest/pipeline/get",
        "cluster:monitor/state",
        "cluster:admin/component_template/put",
        "indices:admin/index_template/put",
        "indices:admin/create",
        "indices:admin/aliases",
        "cluster:admin/ingest/pipeline/put",
    ),
    "bootstrap again": ("indices:admin/mappings/get",),
    "labels": (
        "indices:admin/refresh",
        "indices:admin/refresh[s]",
        "indices:data/read/search",
        "indices:data/write/index",
        "indices:data/write/bulk",
        "indices:data/write/bulk[s]",
    ),
    "docs": ("indices:admin/mapping/put",),
    "deploy": (
        "indices:data/read/point_in_time/create",
        "indices:data/read/point_in_time/delete",
        f"{_ML}/create_connector",
        f"{_ML}/register_model",
        f"{_ML}/deploy_model",
        f"{_ML}/tasks/get",
        "cluster:admin/ingest/pipeline/simulate",
        f"{_ML}/predict",
    ),
    "facets": ("indices:data/read/field_caps", "indices:data/read/field_caps[index]"),
    "evaluate": ("indices:data/read/msearch",),
    "retag": ("indices:monitor/settings/get", "indices:data/write/update"),
    "add": (
        "indices:data/read/mget",
        "indices:data/read/mget[shard]",
        f"{_ML}/models/search",
        f"{_ML}/connectors/search",
    ),
    "retire": ("indices:data/write/delete",),
    "attach": ("indices:admin/template/get", "indices:admin/settings/update"),
    "attach a data stream": (
        "indices:admin/data_stream/get",
        "indices:admin/index_template/simulate",
    ),
    "detach the pattern": ("indices:admin/index_template/delete",),
    "attach by a legacy template": ("indices:admin/template/put",),
    "detach by a legacy template": ("indices:admin/template/delete",),
    "docs from an index": ("indices:admin/validate/query",),
    "rollback": (f"{_ML}/models/get",),
    "prune": (
        f"{_ML}/undeploy_models",
        f"{_ML}/undeploy_model",
        f"{_ML}/models/delete",
        f"{_ML}/connectors/delete",
        f"{_ML}/connectors/get",
        "indices:admin/delete",
    ),
}
# Not of the job: what `doctor`, `estimate` and the lock ask for.
ELSEWHERE = {
    "cluster:monitor/health",
    "cluster:monitor/nodes/stats",
    "indices:data/read/get",
    "indices:monitor/stats",
}
SMALL = (
    "--judge-budget",
    "12",
    "--least-documents",
    "2",
    "--pairs-per-document",
    "2",
    "--shortlist",
    "4",
    "--epochs",
    "1",
    "--batch-size",
    "4",
)
IN_CLUSTER = tuple(
    f"{_ML}/{right}"
    for right in ("register_model_meta", "upload_model_chunk", "deploy_model_on_nodes")
)
WRITER = ("indices:data/write/bulk", "indices:data/write/bulk[s]", "indices:data/write/index")


def rights_of(body: dict[str, Any]) -> set[str]:
    return {*body["cluster_permissions"], *body["index_permissions"][0]["allowed_actions"]}


def without(body: dict[str, Any], right: str) -> dict[str, Any]:
    less = copy.deepcopy(body)
    for rights in (less["cluster_permissions"], less["index_permissions"][0]["allowed_actions"]):
        if right in rights:
            rights.remove(right)
    return less


def test_no_right_is_printed_that_nothing_is_known_to_need() -> None:
    tried = {right for rights in NEEDED.values() for right in rights}
    assert rights_of(role("operator", Settings(), [])) == tried | ELSEWHERE


@pytest.fixture(scope="module")
def node() -> Iterator[SecuredNode]:
    # A start takes less than that; what is left is waited for.
    with secured_node(timedelta(seconds=60)) as found:
        yield found


@pytest.fixture(scope="module")
def operator(node: SecuredNode) -> Iterator[Job]:
    node.renew_certificate()
    node.put_role("lmtx", role("operator", Settings(), PATTERNS))
    node.put_role("lmtx-writer", role("writer", Settings(), [INDEX]))
    with job(node, "operator") as found:
        body = {"mappings": {"properties": {"title": {"type": "text"}}}}
        indices = node.administrator.indices
        indices.create(index=OLDER, body=body)
        stream = {"index_patterns": [STREAM], "data_stream": {}, "template": body}
        indices.put_index_template(name="streams", body=stream)
        indices.create_data_stream(name=STREAM)
        indices.put_template(name="scans", body={"index_patterns": [LEGACY], **body})
        # What is nobody's business does not get into the way of `status` and `doctor`.
        node.administrator.index(index="secret", body={"tagging": {"status": "tagged"}})
        yield found


@pytest.mark.secured
def test_a_certificate_that_expires_while_the_node_runs_is_one_clear_line(
    node: SecuredNode, tmp_path: Path
) -> None:
    certificate = load_pem_x509_certificate((node.conf / "http.pem").read_bytes())
    while time.time() <= certificate.not_valid_after_utc.timestamp():
        time.sleep(0.5)
    done = run_lmtx({**os.environ, **node.environment("admin")}, "bootstrap-index", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be trusted (certificate has expired): renew it" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.secured
@pytest.mark.parametrize(
    ("step", "right"),
    [pytest.param(step, right, id=right) for step, rights in NEEDED.items() for right in rights],
)
def test_without_a_right_a_step_fails_and_names_it(
    node: SecuredNode, operator: Job, step: str, right: str
) -> None:
    operator.reach(step)
    full = role("operator", Settings(), PATTERNS)
    node.put_role("lmtx", without(full, right))
    try:
        done = operator.step(step)
    finally:
        node.put_role("lmtx", full)
        _unlock(node)
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert right in line


@pytest.mark.secured
def test_with_all_of_them_every_step_is_done(operator: Job) -> None:
    operator.reach("status")
    done = operator.step("status")
    assert "not counted: the user lacks the right to search all indices" in done.stdout


@pytest.mark.secured
@pytest.mark.parametrize("right", ["cluster:monitor/health", "cluster:monitor/nodes/stats"])
def test_doctor_names_what_it_may_not_see(node: SecuredNode, operator: Job, right: str) -> None:
    operator.reach("labels")
    full = role("operator", Settings(), PATTERNS)
    node.put_role("lmtx", without(full, right))
    try:
        done = operator.run("doctor")
    finally:
        node.put_role("lmtx", full)
    assert f"lacks the right {right}" in done.stdout


@pytest.mark.secured
def test_who_is_at_work_can_be_told_only_to_those_who_may_read(
    node: SecuredNode, operator: Job
) -> None:
    operator.reach("labels")
    full, right = role("operator", Settings(), PATTERNS), "indices:data/read/get"
    node.administrator.index(index="lmtx-runs", id=LOCK, body={"until": time.time() + 600})
    node.put_role("lmtx", without(full, right))
    try:
        done = operator.step("labels")
    finally:
        node.put_role("lmtx", full)
        _unlock(node)
    assert f"lacks the right {right}" in done.stderr


@pytest.fixture(scope="module")
def judge(operator: Job, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real judge: the variables with which it is found."""
    settings = load_settings(flags={"data_dir": tmp_path_factory.mktemp("judge")})
    places = find_places(settings)
    with prepared(places, Lines()):
        ollama, model = find_ollama(places.cache, Lines()), prepare_judge(places.cache, Lines())
    address, started = ollama.address, list[Process]()
    if ollama.program is not None:
        address = f"http://{LOOPBACK}:{free_port()}"
        start_ollama(ollama.program, address, places, started.append, Lines())
    add_model(address, model, model_store(places) if started else None, Lines())
    try:
        yield {"LMTX_OLLAMA_HOSTS": address, "LMTX_OLLAMA_MODEL": model.name}
    finally:
        for process in started:
            stop(process)


@pytest.mark.secured
def test_judging_training_and_watching_need_no_more(
    node: SecuredNode, operator: Job, judge: dict[str, str]
) -> None:
    operator.reach("facets")
    for words in (
        ("judge", "--judge-budget", "4", "--shortlist", "4"),
        ("train", *SMALL),
        ("deploy",),
        ("watch", "--index", INDEX, "--sample", "2"),
        ("runs",),
        ("taggers",),
        ("judgments", "export", "judgments.csv"),
    ):
        done = operator.run(*words, **judge)
        assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
    full = role("operator", Settings(), PATTERNS)
    node.put_role("lmtx", without(full, "indices:monitor/stats"))
    try:
        done = operator.run("estimate", *SMALL, **judge)
    finally:
        node.put_role("lmtx", full)
    assert "lacks the right indices:monitor/stats" in done.stderr


@pytest.mark.secured
@pytest.mark.parametrize("right", WRITER)
def test_whoever_only_writes_needs_each_right(node: SecuredNode, operator: Job, right: str) -> None:
    operator.reach("facets")
    full = role("writer", Settings(), [INDEX])
    node.put_role("lmtx-writer", without(full, right))
    try:
        with pytest.raises(AuthorizationException) as caught:
            _write(node, "refused")
    finally:
        node.put_role("lmtx-writer", full)
    assert right in str(caught.value)


@pytest.mark.secured
def test_a_writer_who_may_not_ask_the_tagger_has_pending_documents(
    node: SecuredNode, operator: Job
) -> None:
    operator.reach("facets")
    full = role("writer", Settings(), [INDEX])
    node.put_role("lmtx-writer", without(full, f"{_ML}/predict"))
    try:
        _write(node, "pending")
    finally:
        node.put_role("lmtx-writer", full)
    source = node.administrator.get(index=INDEX, id="pending")["_source"]
    assert source["tagging"]["status"] == "pending"
    assert f"{_ML}/predict" in source["tagging"]["error"]


def _write(node: SecuredNode, id_: str) -> None:
    settings = OpenSearchSettings(
        url=node.url, ca_file=node.ca.file, user="writer", password=PASSWORD
    )
    connect(settings).index(index=INDEX, id=id_, body={"title": "All about chess"})


def _unlock(node: SecuredNode) -> None:
    """Free the place of a command that may not do it itself."""
    with suppress(NotFoundError):
        node.administrator.delete(index="lmtx-runs", id=LOCK)


@pytest.mark.secured
def test_a_tagger_in_the_cluster_needs_three_more(node: SecuredNode, operator: Job) -> None:
    operator.reach("facets")
    full = role("operator", Settings(), PATTERNS)
    more = copy.deepcopy(full)
    more["cluster_permissions"] += IN_CLUSTER
    words = ("deploy", "--untrained", "--threshold", "0.2", "--runtime", "in-cluster")
    try:
        for right in IN_CLUSTER:
            node.put_role("lmtx", without(more, right))
            done = operator.run(*words)
            _unlock(node)
            assert done.returncode != 0
            (line,) = [x for x in done.stderr.splitlines() if x.startswith("Error: ")]
            assert right in line
        node.put_role("lmtx", more)
        done = operator.run(*words)
        assert done.returncode == 0, done.stderr
    finally:
        node.put_role("lmtx", full)
    _write(node, "in-cluster")
    source = node.administrator.get(index=INDEX, id="in-cluster")["_source"]
    assert source["tags"][0] == "chess"
