"""The real servers that integration tests run against: embedded ones, or official images.

LMTX_TEST_BACKEND chooses: ``embedded`` (what `lmtx-search up` starts), ``embedded-2.19`` (the same
with the oldest OpenSearch that is supported), ``containers``.
"""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.cli.context import Lines
from lmtx_search.embedded import servers
from lmtx_search.embedded.files import remove_folder
from lmtx_search.embedded.models import prepare_encoder, prepare_judge
from lmtx_search.embedded.net import ask, free_port, wait_for
from lmtx_search.embedded.ollama import add_model
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import Process, is_alive
from lmtx_search.embedded.state import read_state
from lmtx_search.settings import Settings, load_settings
from tests.support.opensearch_2_19 import UNSECURED, start_2_19

VARIABLE = "LMTX_TEST_BACKEND"
BACKENDS = ("embedded", "embedded-2.19", "containers")
# Servers that a developer started with `lmtx-search --data-dir FOLDER up` and keeps between test
# sessions. Tests delete everything in them.
KEPT = "LMTX_TEST_DATA_DIR"
OPENSEARCH_IMAGE = "opensearchproject/opensearch:3.6.0"
OLLAMA_IMAGE = "ollama/ollama"
_HOST_FROM_CONTAINER = "host.docker.internal"
_SECONDS_TO_START = 300.0


@dataclass(frozen=True)
class Servers:
    """Where the servers of a test session are."""

    opensearch: str
    ollama: str
    model: str
    encoder: Path
    listen: str
    """Address on which a tagger has to listen for the cluster to reach it…"""
    tagger_host: str
    """…and the name by which the cluster reaches it."""
    data_dir: Path | None = None
    """Of embedded servers: where `up` keeps what it knows of them."""
    logs: Path | None = None
    """Folder of what they log, where they run on this machine."""


def check_backend() -> str | None:
    """Return why the backend that was asked for cannot be used; None where it can."""
    backend = os.environ.get(VARIABLE, "embedded")
    if backend not in BACKENDS:
        return f"{VARIABLE}={backend}: there are {', '.join(BACKENDS)}"
    if backend == "containers":
        import docker

        try:
            docker.from_env().ping()
        except docker.errors.DockerException:
            return f"{VARIABLE}=containers: no Docker engine answers; start one, or unset it"
    return None


@contextmanager
def start() -> Iterator[Servers]:
    """Start the servers that LMTX_TEST_BACKEND asks for; they are gone after the block."""
    chosen = _containers if os.environ.get(VARIABLE) == "containers" else _embedded
    with chosen() as found:
        yield found


@contextmanager
def _embedded() -> Iterator[Servers]:
    kept = os.environ.get(KEPT)
    if kept:
        yield _started(Path(kept))
        return
    base = Path(tempfile.mkdtemp(prefix="lmtx-test-"))
    base.chmod(0o755)
    settings = _settings(base)
    try:
        yield _started(base)
    finally:
        servers.down(settings)
        remove_folder(find_places(settings).node_data)
        remove_folder(base)


def _started(data_dir: Path) -> Servers:
    if os.environ.get(VARIABLE) == "embedded-2.19":
        _start_oldest(data_dir)
    servers.up(_settings(data_dir), tagger=False, progress=Lines())
    # Read as every command reads it, so that this is tested too.
    found = _settings(data_dir)
    return Servers(
        opensearch=found.opensearch.url,
        ollama=found.ollama.hosts[0],
        model=_with_one_thread(found.ollama.hosts[0], found.ollama.model),
        encoder=Path(found.encoder.name),
        listen="127.0.0.1",
        tagger_host="127.0.0.1",
        data_dir=data_dir,
        logs=find_places(found).logs,
    )


def _with_one_thread(host: str, model: str) -> str:
    """Make a copy of the model that runs on one core, and return its name.

    Two test processes share the machine. The threads of a model wait for each other busily, so
    that with one for each core they mostly keep each other from working.
    """
    name = f"{model}-1"
    body = {"model": name, "from": model, "parameters": {"num_thread": 1}, "stream": False}
    request = urllib.request.Request(
        f"{host}/api/create",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=60).close()
    return name


def _start_oldest(data_dir: Path) -> None:
    """Start a node and note it as `up` does, which then starts only what else there is."""
    settings = _settings(data_dir)
    state = read_state(data_dir)
    before = state.processes.get(servers.OPENSEARCH)
    if before is not None and is_alive(before):
        return
    port = free_port(state.ports.get(servers.OPENSEARCH))
    state.ports[servers.OPENSEARCH] = port

    def note(process: Process) -> None:
        state.processes[servers.OPENSEARCH] = process
        state.write()

    start_2_19(find_places(settings), UNSECURED, note, Lines(), port=port)
    state.settings |= {
        "opensearch.url": f"http://127.0.0.1:{port}",
        "opensearch.knn_engine": "lucene",
    }
    state.write()


@contextmanager
def _containers() -> Iterator[Servers]:
    from testcontainers.core.container import DockerContainer

    cache = _settings(Path(tempfile.gettempdir())).cache_dir
    judge = prepare_judge(cache, Lines())
    node = (
        DockerContainer(OPENSEARCH_IMAGE)
        .with_exposed_ports(9200)
        .with_env("discovery.type", "single-node")
        .with_env("DISABLE_SECURITY_PLUGIN", "true")
        .with_env("DISABLE_INSTALL_DEMO_CONFIG", "true")
        .with_env("path.repo", "/usr/share/opensearch/data/snapshots")
        .with_env("OPENSEARCH_JAVA_OPTS", "-Xms1g -Xmx1g")
        .with_kwargs(extra_hosts={_HOST_FROM_CONTAINER: "host-gateway"})
    )
    ollama = DockerContainer(OLLAMA_IMAGE).with_exposed_ports(11434)
    with ExitStack() as stack:
        stack.enter_context(node)
        stack.enter_context(ollama)
        url = _address(node, 9200)
        host = _address(ollama, 11434)
        wait_for(lambda: ask(f"{url}/_cluster/health") is not None, "OpenSearch", _SECONDS_TO_START)
        wait_for(lambda: ask(f"{host}/api/version") is not None, "Ollama", _SECONDS_TO_START)
        _let_connectors_call(url)
        add_model(host, judge, None, Lines())
        encoder = prepare_encoder(cache, Lines())
        yield Servers(url, host, judge.name, encoder, "0.0.0.0", _HOST_FROM_CONTAINER)


def _address(container: object, port: int) -> str:
    host = container.get_container_host_ip()  # type: ignore[attr-defined]
    return f"http://{host}:{container.get_exposed_port(port)}"  # type: ignore[attr-defined]


def _let_connectors_call(url: str) -> None:
    """Set what the embedded node has in its opensearch.yml."""
    settings = {
        "plugins.ml_commons.only_run_on_ml_node": False,
        "plugins.ml_commons.connector.private_ip_enabled": True,
        "plugins.ml_commons.trusted_connector_endpoints_regex": ["^http://.*$"],
        "plugins.ml_commons.native_memory_threshold": 100,
        "plugins.ml_commons.jvm_heap_memory_threshold": 100,
    }
    request = urllib.request.Request(
        f"{url}/_cluster/settings",
        data=json.dumps({"persistent": settings}).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=60).close()


def _settings(data_dir: Path) -> Settings:
    return load_settings(flags={"data_dir": data_dir})
