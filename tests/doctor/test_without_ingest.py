"""A real node that may not run ingest pipelines: commands say so before a document is refused."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import TransportError

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import translate
from lmtx_search.embedded.files import remove_folder
from lmtx_search.embedded.net import free_port
from lmtx_search.embedded.opensearch import prepare_opensearch, start_opensearch
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import Process, stop
from lmtx_search.embedded.servers import prepared
from lmtx_search.progress import SILENT
from lmtx_search.settings import load_settings
from tests.conftest import runner


@pytest.fixture
def url() -> Iterator[str]:
    base = Path(tempfile.mkdtemp(prefix="lmtx-roles-"))
    base.chmod(0o755)
    places = find_places(load_settings(flags={"data_dir": base}))
    started: list[Process] = []
    with prepared(places, SILENT):
        node = prepare_opensearch(places)
    node = replace(node, settings={"node.roles": ["cluster_manager", "data"]})
    http = free_port()
    try:
        start_opensearch(places, node, http, free_port(taken={http}), started.append)
        yield f"http://127.0.0.1:{http}"
    finally:
        for process in started:
            stop(process)
        remove_folder(places.node_data)
        remove_folder(base)


@pytest.mark.several_nodes
def test_doctor_bootstrap_and_a_refused_write_name_the_missing_role(
    url: str, tmp_path: Path
) -> None:
    # No encoder is needed, and none is looked for elsewhere.
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "LMTX_ENCODER_NAME": str(tmp_path)}
    lmtx = runner(environment, tmp_path)
    words = ("--url", url, "--data-dir", tmp_path, "--ollama", "http://127.0.0.1:9")
    checks: list[dict[str, Any]] = json.loads(lmtx(*words, "doctor", "--json").stdout)["checks"]
    (found,) = [check for check in checks if check["name"] == "roles"]
    assert found["status"] == "bad"
    assert "no node of the cluster has the role ingest" in found["found"]

    done = lmtx(*words, "bootstrap-index")
    assert done.returncode == 2
    assert "add ingest to node.roles in the opensearch.yml of a node" in done.stderr

    # What a write through a pipeline gets there.
    client = connect(load_settings(flags={"opensearch.url": url}).opensearch)
    client.ingest.put_pipeline(id="mine", body={"processors": []})
    with pytest.raises(TransportError) as refused:
        client.index(index="a", body={"a": 1}, params={"pipeline": "mine"})
    assert refused.value.status_code == 500
    assert "has the role ingest, which runs pipelines" in str(translate(refused.value))
