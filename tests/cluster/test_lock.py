"""The lock of whoever changes the tagger, when its holder dies or an answer gets lost."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.faults import proxy

pytestmark = pytest.mark.integration

PROGRAM = """
import os, sys
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.settings import load_settings
with exclusive(connect(load_settings().opensearch), "deploy"):
    os._exit(9)
"""


@pytest.fixture
def ready(client: Any, lmtx: Run) -> Any:
    done = lmtx("bootstrap-index")
    assert done.returncode == 0, done.stderr
    return client


def test_the_place_of_a_holder_that_died_here_is_free_at_once(
    ready: Any, environment: dict[str, str]
) -> None:
    died = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=False)
    assert died.returncode == 9
    with exclusive(ready, "rollback") as held:
        held.require()


def test_a_sign_whose_answer_got_lost_is_ones_own(settings: Settings, ready: Any) -> None:
    from lmtx_search.cluster.client.connect import connect

    # Taking it, and the first sign: both are done and not answered.
    spoil = [proxy.nth("PUT /lmtx-runs/_doc", number, proxy.cut) for number in (1, 3)]
    with proxy.spoiled(settings.opensearch.url, *spoil) as url:
        far = connect(settings.opensearch.model_copy(update={"url": url}))
        with exclusive(far, "deploy") as held:
            held.require()
            held.require()
    # And it was given back.
    with exclusive(ready, "rollback"):
        pass
