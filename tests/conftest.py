"""Fixtures: the session's real servers, and a clean cluster for each test that asks for one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.embedded.net import free_port
from lmtx_search.settings import Settings, load_settings
from tests.support import backends
from tests.support.commands import run_command

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure(config: pytest.Config) -> None:
    """Say at once when the servers that were asked for cannot be had."""
    # Half the processor time of a start; what is compiled less well hardly matters in tests.
    os.environ.setdefault("OPENSEARCH_JAVA_OPTS", "-XX:TieredStopAtLevel=1")
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Threads of torch wait for each other busily, which keeps the other test process from
        # working.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    wrong = backends.check_backend()
    if wrong:
        pytest.exit(wrong, returncode=2)


@pytest.fixture(scope="session")
def servers() -> Iterator[backends.Servers]:
    """Real OpenSearch and Ollama, started once and stopped at the end."""
    with backends.start() as found:
        yield found


@pytest.fixture(scope="session")
def encoder_folder(servers: backends.Servers) -> Path:
    """Folder of the real all-MiniLM-L6-v2."""
    return servers.encoder


@pytest.fixture
def settings(servers: backends.Servers, tmp_path: Path) -> Settings:
    """Settings for the servers, with a data folder and a tagger port of the test's own."""
    return load_settings(flags=flags_of(servers, tmp_path / "data"))


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a `lmtx-search` command has those settings."""
    return environment_of(settings)


@pytest.fixture
def lmtx(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run `lmtx-search` with these words in an empty folder, and return what it printed."""
    return runner(environment, tmp_path)


@pytest.fixture
def client(settings: Settings) -> Any:
    """A client of a cluster that holds nothing of the tests before."""
    from lmtx_search.cluster.client.connect import connect
    from tests.support.wipe import wipe

    found = connect(settings.opensearch)
    wipe(found)
    return found


def runner(environment: dict[str, str], folder: Path) -> Run:
    """Return a function that runs `lmtx-search` with its words in a folder."""

    def run(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"env": environment, "cwd": folder, "timeout": 300, **options}
        return run_command([str(word) for word in words], **options)

    return run


def flags_of(servers: backends.Servers, data_dir: Path) -> dict[str, Any]:
    """Return the settings for the servers, with a data folder and a free port for the tagger."""
    port = free_port()
    return {
        "opensearch.url": servers.opensearch,
        "opensearch.knn_engine": "lucene",
        "ollama.hosts": servers.ollama,
        "ollama.model": servers.model,
        "encoder.name": str(servers.encoder),
        "service.host": servers.listen,
        "service.port": port,
        "service.url": f"http://{servers.tagger_host}:{port}",
        "data_dir": data_dir,
    }


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment in which a `lmtx-search` command has these settings."""
    service, opensearch = settings.service, settings.opensearch
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMTX_")}
    return kept | {
        "LMTX_OPENSEARCH_URL": opensearch.url,
        "LMTX_OPENSEARCH_KNN_ENGINE": opensearch.knn_engine,
        "LMTX_OLLAMA_HOSTS": ",".join(settings.ollama.hosts),
        "LMTX_OLLAMA_MODEL": settings.ollama.model,
        "LMTX_ENCODER_NAME": settings.encoder.name,
        "LMTX_SERVICE_HOST": service.host,
        "LMTX_SERVICE_PORT": str(service.port),
        "LMTX_SERVICE_URL": str(service.url),
        "LMTX_DATA_DIR": str(settings.data_dir),
        "LMTX_CACHE_DIR": str(settings.cache_dir),
    }
