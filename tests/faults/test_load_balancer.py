"""Three taggers behind HAProxy, configured as the page "Operators" shows."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.ml.connectors import finished, ml_request
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.embedded.net import free_port
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.conftest import environment_of, flags_of
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.backends import Servers
from tests.support.haproxy import LoadBalancer, load_balancer
from tests.support.live_tagger import deployed, load_labels
from tests.support.tagger_service import LABELS, call, running
from tests.support.wipe import wipe

pytestmark = pytest.mark.faults

# A request of 256 of these texts is larger than the buffers that HAProxy has by default.
ROWS = [{**row, "text": f"{row['text']}, {'and ' * 20}"} for row in toolbox.documents(1500)]


class Site:
    """A cluster whose taggers are three `lmtx-search serve` behind a load balancer."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.settings = settings
        self.client = connect(settings.opensearch)
        self.ports: list[int] = []
        for _ in range(3):
            self.ports.append(free_port(taken={*self.ports, settings.service.port}))
        self._stack = stack
        self._processes: dict[int, subprocess.Popen[str]] = {}

    def environment(self, number: int, **more: str) -> dict[str, str]:
        """The environment of a tagger."""
        port = str(self.ports[number])
        return environment_of(self.settings) | {"LMTX_SERVICE_PORT": port} | more

    def start(self, number: int, **more: str) -> None:
        """Start a tagger if it does not run."""
        process = self._processes.get(number)
        if process is None or process.poll() is not None:
            started = self._stack.enter_context(running(self.environment(number, **more)))
            self._processes[number] = started

    def send(self, number: int, name: signal.Signals) -> None:
        """Send a signal to a tagger. One that has to end has ended when this returns."""
        self._processes[number].send_signal(name)
        if name in (signal.SIGKILL, signal.SIGTERM):
            self._processes[number].wait(timeout=60)

    def loaded(self, number: int) -> list[str]:
        """The versions that a tagger has in memory."""
        return list(call(self.environment(number), "/ready")[1]["loaded"])

    @property
    def version(self) -> str:
        """The version in use."""
        found = read_pipeline(self.client).tagger
        assert found is not None
        return found

    @contextmanager
    def balanced(self, without: Sequence[str] = ()) -> Iterator[LoadBalancer]:
        """Run the load balancer, without some lines of its configuration."""
        with load_balancer(self.settings.service.port, self.ports, without) as found:
            yield found

    def assert_all_tagged(self) -> None:
        """Check that each document has the tags that its text gets."""
        tagger = Tagger(TaggerVersions(self.settings.data_dir).get(self.version))
        expected = tagger.tag([row["text"] for row in ROWS])
        assert toolbox.tags(self.client, "articles") == {
            row["id"]: [tag.name for tag in tags] for row, tags in zip(ROWS, expected, strict=True)
        }


@pytest.fixture(scope="module")
def started(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = load_settings(flags=flags_of(servers, tmp_path_factory.mktemp("balanced")))
    with ExitStack() as stack:
        site = Site(settings, stack)
        wipe(site.client)
        apply(site.client, plan(site.client, settings), apply_settings=True)
        load_labels(site.client, settings, LABELS)
        for number in range(3):
            site.start(number)
        with site.balanced():
            deployed(site.client, settings)
        yield site


@pytest.fixture
def site(started: Site) -> Site:
    """All taggers run, and there are no documents."""
    for number in range(3):
        started.start(number)
    started.client.indices.delete(index="articles", params={"ignore_unavailable": "true"})
    return started


@pytest.fixture
def commands(site: Site, tmp_path: Path) -> Iterator[Commands]:
    made = Commands(environment_of(site.settings), tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def ingest(
    site: Site,
    commands: Commands,
    balancer: LoadBalancer,
    fault: Callable[[int], None] = lambda number: None,
) -> dict[str, int]:
    """Ingest the documents; return how many are tagged and pending.

    Args:
        fault: done to a tagger while it works on a request, with its number.
    """
    file = toolbox.write(commands.folder / "docs.jsonl", ROWS)
    process = commands.start("ingest", file, "--index", "articles", "--from-start", "--json")
    busy: list[int] = []
    toolbox.wait(lambda: busy or busy.extend(balancer.busy()))
    fault(busy[0])
    done = commands.end(process)
    assert done.returncode == 0, done.stderr
    assert toolbox.found(site.client, "articles") == toolbox.hashes(ROWS)
    found = json.loads(done.stdout)["tagging"]
    return {status: found.get(status, 0) for status in ("tagged", "pending")}


def test_one_is_killed_while_it_works(site: Site, commands: Commands) -> None:
    with site.balanced() as balancer:
        counts = ingest(site, commands, balancer, lambda n: site.send(n, signal.SIGKILL))
    assert counts == {"tagged": len(ROWS), "pending": 0}
    site.assert_all_tagged()


def test_one_hangs(site: Site, commands: Commands) -> None:
    hung: list[int] = []

    def hang(number: int) -> None:
        hung.append(number)
        site.send(number, signal.SIGSTOP)

    with site.balanced() as balancer:
        try:
            counts = ingest(site, commands, balancer, hang)
        finally:
            for number in hung:
                site.send(number, signal.SIGCONT)
    assert counts == {"tagged": len(ROWS), "pending": 0}
    site.assert_all_tagged()


def test_one_is_started_again_in_the_middle(site: Site, commands: Commands) -> None:
    started_again: list[int] = []

    def restart(number: int) -> None:
        site.send(number, signal.SIGTERM)
        site.start(number)
        started_again.append(number)

    with site.balanced() as balancer:
        counts = ingest(site, commands, balancer, restart)
        assert counts == {"tagged": len(ROWS), "pending": 0}
        site.assert_all_tagged()
        (number,) = started_again
        toolbox.wait(lambda: number in balancer.up())
        before = balancer.requests()[number]
        ingest(site, commands, balancer)
        assert balancer.requests()[number] > before


def test_deploy_and_rollback_with_all_of_them(site: Site, commands: Commands) -> None:
    with site.balanced() as balancer:
        first = site.version
        second = deployed(site.client, site.settings).version
        ingest(site, commands, balancer)
        assert site.version == second
        assert [second in site.loaded(number) for number in range(3)] == [True] * 3
        commands.must("rollback")
        assert site.version == first
        ingest(site, commands, balancer)
        assert [first in site.loaded(number) for number in range(3)] == [True] * 3
    site.assert_all_tagged()


def test_the_folder_of_a_version_is_late_on_one(
    site: Site, commands: Commands, tmp_path: Path
) -> None:
    site.send(2, signal.SIGTERM)
    site.start(2, LMTX_DATA_DIR=str(tmp_path))
    try:
        with site.balanced() as balancer:
            deployed(site.client, site.settings)
            counts = ingest(site, commands, balancer)
            assert counts == {"tagged": len(ROWS), "pending": 0}
            site.assert_all_tagged()
            assert site.loaded(2) == []

            source = TaggerVersions(site.settings.data_dir).folder
            shutil.copytree(source, TaggerVersions(tmp_path).folder)
            ingest(site, commands, balancer)
            assert site.loaded(2) == [site.version]
            site.assert_all_tagged()
    finally:
        site.send(2, signal.SIGTERM)


@pytest.mark.parametrize(
    ("without", "retries"),
    [
        ("retry-on", 0),
        # No substitute: connectors of OpenSearch 3.6 repeat only what a service of AWS refuses.
        ("retry-on", 3),
        ("tune.bufsize", 0),
    ],
)
def test_without_a_line_of_the_configuration_documents_are_pending_until_retag(
    site: Site, commands: Commands, without: str, retries: int
) -> None:
    set_retries(site.client, retries)
    try:
        with site.balanced([without]) as balancer:
            counts = ingest(site, commands, balancer, lambda n: site.send(n, signal.SIGKILL))
            assert counts["pending"] > 0
            assert counts["pending"] + counts["tagged"] == len(ROWS)
            commands.insist("retag", "--index", "articles", "--pending")
        site.assert_all_tagged()
    finally:
        set_retries(site.client, 0)


def set_retries(client: Any, retries: int) -> None:
    """Let the connector in use repeat a failed request so often."""
    model = read_pipeline(client).model
    connector = ml_request(client, "GET", f"/models/{model}")["connector_id"]
    settings = ml_request(client, "GET", f"/connectors/{connector}")["client_config"]
    ml_request(client, "POST", f"/models/{model}/_undeploy")
    body = {"client_config": {**settings, "max_retry_times": retries}}
    ml_request(client, "PUT", f"/connectors/{connector}", body)
    finished(client, ml_request(client, "POST", f"/models/{model}/_deploy")["task_id"])
