"""What every fault test is given: commands that can be killed, a node that can be, documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.toolbox import Commands, Node
from tests.support.backends import Servers
from tests.support.wipe import wipe


@pytest.fixture
def commands(environment: dict[str, str], tmp_path: Path) -> Iterator[Commands]:
    """Commands with the test's settings; whatever still runs at the end is killed."""
    made = Commands(environment, tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


@pytest.fixture
def node(servers: Servers) -> Iterator[Node]:
    """The embedded node of the session; it runs again at the end."""
    if servers.data_dir is None:
        pytest.skip("the node is killed where it runs on this machine")
    found = Node(servers.data_dir)
    yield found
    found.start()


@pytest.fixture
def wiped(client: Any) -> Callable[[], None]:
    """Empty the cluster once more."""
    return lambda: wipe(client)
