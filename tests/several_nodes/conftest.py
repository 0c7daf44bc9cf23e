"""A cluster of three nodes in the place of the session's servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lmtx_search.cli.context import Lines
from lmtx_search.embedded.models import prepare_encoder
from lmtx_search.settings import Settings, load_settings
from tests.conftest import environment_of, flags_of
from tests.faults.toolbox import Commands
from tests.support.backends import Servers
from tests.support.several_nodes import SeveralNodes, several_nodes


@pytest.fixture(scope="package")
def cluster() -> Iterator[SeveralNodes]:
    """Three nodes of the current version, started once for all tests that share them."""
    with several_nodes() as found:
        yield found


@pytest.fixture(scope="package")
def servers(cluster: SeveralNodes) -> Servers:
    """The cluster as the servers of these tests; none of them needs a judge."""
    encoder = prepare_encoder(cluster.settings.cache_dir, Lines())
    url = cluster.settings.opensearch.url
    return Servers(url, "http://127.0.0.1:9", "none", encoder, "127.0.0.1", "127.0.0.1")


@pytest.fixture
def settings(servers: Servers, cluster: SeveralNodes, tmp_path: Path) -> Settings:
    """Settings with the addresses of all nodes, all of which run when the test begins."""
    cluster.start()
    cluster.wait_for_green()
    flags = flags_of(servers, tmp_path / "data")
    del flags["opensearch.url"]
    return load_settings(flags=flags | {"opensearch.urls": cluster.settings.opensearch.urls})


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a `lmtx-search` command has those settings."""
    urls = ",".join(settings.opensearch.urls)
    return environment_of(settings) | {"LMTX_OPENSEARCH_URLS": urls}


@pytest.fixture
def commands(environment: dict[str, str], tmp_path: Path) -> Iterator[Commands]:
    """Commands with the test's settings; those that still run at the end are killed."""
    made = Commands(environment, tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()
