"""A cluster of three nodes in the place of the session's servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lmtx_search.settings import Settings
from tests.faults.toolbox import Commands
from tests.support.several_nodes import (
    SeveralNodes,
    environment_for,
    settings_for,
    several_nodes,
)


@pytest.fixture(scope="package")
def cluster() -> Iterator[SeveralNodes]:
    """Three nodes of the current version, started once for all tests of this folder."""
    with several_nodes() as found:
        yield found


@pytest.fixture
def settings(cluster: SeveralNodes, tmp_path: Path) -> Settings:
    """Settings with the addresses of all nodes, all of which run when the test begins."""
    cluster.start()
    cluster.wait_for_green()
    return settings_for(cluster, tmp_path / "data")


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a `lmtx-search` command has those settings."""
    return environment_for(settings)


@pytest.fixture
def commands(environment: dict[str, str], tmp_path: Path) -> Iterator[Commands]:
    """Commands with the test's settings; those that still run at the end are killed."""
    made = Commands(environment, tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()
