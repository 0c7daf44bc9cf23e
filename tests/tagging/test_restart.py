"""A tagger that the cluster runs tags again after the node was killed, and nobody helps it."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.embedded import servers
from lmtx_search.embedded.files import remove_folder
from lmtx_search.embedded.net import wait_for
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import is_alive
from lmtx_search.embedded.state import read_state
from lmtx_search.settings import Settings, load_settings
from tests.support.tiny_in_cluster import deployed_in_cluster

pytestmark = pytest.mark.integration


@pytest.fixture
def own() -> Iterator[Path]:
    """A data folder for a node that only this test starts and kills."""
    base = Path(tempfile.mkdtemp(prefix="lmtx-test-"))
    base.chmod(0o755)
    yield base
    settings = load_settings(flags={"data_dir": base})
    servers.down(settings)
    remove_folder(find_places(settings).node_data)
    remove_folder(base)


def test_the_cluster_deploys_the_model_again_by_itself(own: Path, tmp_path: Path) -> None:
    settings = started(own)
    client = connect(settings.opensearch)
    apply(client, plan(client, settings))
    deployed_in_cluster(client, settings, tmp_path)
    prepare_tagged_index(client, "articles", "id")
    before = tagged(client, "before")
    assert before["tagging"]["status"] == "tagged"

    node = read_state(own).processes["opensearch"]
    os.kill(node.pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(node), "the end of the node", seconds=60)
    client = connect(started(own).opensearch)
    wait_for(
        lambda: tagged(client, "after")["tagging"]["status"] == "tagged", "the tagger", seconds=120
    )
    assert tagged(client, "after")["tag_scores"] == before["tag_scores"]


def started(data_dir: Path) -> Settings:
    servers.up(load_settings(flags={"data_dir": data_dir}), judge=False, tagger=False)
    return load_settings(flags={"data_dir": data_dir})


def tagged(client: Any, name: str) -> dict[str, Any]:
    """Index a document and return it as it is then."""
    body = {"id": name, "text": "plays chess"}
    client.index(index="articles", id=name, body=body, params={"refresh": "true"})
    found: dict[str, Any] = client.get(index="articles", id=name)["_source"]
    return found
