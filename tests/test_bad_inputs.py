"""Bad input: the user sees one line that says what to do, and nothing has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.settings import Settings, load_settings
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.bad_inputs import TABLE, Bad, State
from tests.support.in_process import call
from tests.support.live_tagger import deployed, index_documents, load_labels
from tests.support.tagger_service import LABELS, running
from tests.support.wipe import found, wipe

NOWHERE = "http://127.0.0.1:1"


def seen(row: Bad, environment: dict[str, str], place: Path, **stand_for: str) -> str:
    """Run the row's command; compare its code, and return the last line that the user sees."""

    def filled(text: str) -> str:
        for name, value in stand_for.items():
            text = text.replace(f"<{name}>", value)
        return text

    for name, content in row.files.items():
        path = place / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    own = {name: filled(value) for name, value in row.environment.items()}
    words = [filled(word) for word in row.words]
    done = call(*words, environment=environment | own, folder=place)
    assert "Traceback" not in done.err
    assert done.code == row.code, done.err + done.out
    *before, line = done.err.splitlines()
    # Of a wrong option click also tells how the command is used.
    assert not [one for one in before if one.startswith("Error")]
    for name, value in stand_for.items():
        line = line.replace(value, f"<{name}>")
    return line


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.state == "none"], ids=lambda row: row.what
)
def test_bad_input_is_one_clear_line_without_a_cluster(row: Bad, tmp_path: Path) -> None:
    environment = {"LMTX_OPENSEARCH_URL": NOWHERE, "LMTX_DATA_DIR": str(tmp_path / "data")}
    folder = tmp_path / "here"
    folder.mkdir()
    assert seen(row, environment, folder, folder=str(folder)) == row.line
    assert not (tmp_path / "data").exists()


class Cluster:
    """The session's cluster, brought into the state that a row needs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.environment = environment_of(settings)
        self.client = connect(settings.opensearch)
        self.state: State = "none"
        self.digest = ""
        self.tagger = ""
        self._running = ExitStack()

    def be(self, state: State, folder: Path) -> None:
        """Hold what the state says; rows of one state come one after the other."""
        if state == self.state:
            return
        wipe(self.client)
        done = call("bootstrap-index", environment=self.environment, folder=folder)
        assert done.code == 0, done.err
        self.client.indices.create(
            index="plain", body={"mappings": {"properties": {"text": {"type": "text"}}}}
        )
        if state == "full":
            load_labels(self.client, self.settings, LABELS)
            (folder / "d.jsonl").write_text('{"id": "1", "text": "plays chess"}\n')
            done = call("docs", "load", "d.jsonl", environment=self.environment, folder=folder)
            assert done.code == 0, done.err
            self._running.enter_context(running(self.environment))
            self.tagger = deployed(self.client, self.settings).version
            index_documents(self.client, "articles", [{"id": "1", "text": "plays chess"}])
        self.state, self.digest = state, self.now()

    def now(self) -> str:
        """A digest of everything on the cluster, and of the tagger versions on disk."""
        client, params = self.client, {"expand_wildcards": "all"}
        client.indices.refresh(index="*,-.*", params=params)
        indices = client.indices.get(index="*,-.*", params=params)
        everything = {
            "indices": indices,
            "documents": {name: client.count(index=name)["count"] for name in indices},
            "templates": client.indices.get_index_template(),
            "components": client.cluster.get_component_template(),
            "pipelines": client.ingest.get_pipeline(),
            "settings": client.cluster.get_settings(),
            "ml": {kind: sorted(found(client, kind)) for kind in ("models", "connectors")},
            "taggers": sorted(map(str, (self.settings.data_dir / "taggers").rglob("*"))),
        }
        return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()

    def close(self) -> None:
        self._running.close()
        wipe(self.client)


@pytest.fixture(scope="module")
def cluster(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    data_dir = tmp_path_factory.mktemp("data")
    made = Cluster(load_settings(flags=flags_of(servers, data_dir)))
    yield made
    made.close()


@pytest.mark.integration
@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.state != "none"], ids=lambda row: row.what
)
def test_bad_input_is_one_clear_line_and_changes_nothing(
    row: Bad, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.be(row.state, tmp_path)
    settings = cluster.settings
    line = seen(
        row,
        cluster.environment,
        tmp_path,
        url=settings.opensearch.url,
        ollama=settings.ollama.hosts[0],
        folder=str(tmp_path),
        data=str(settings.data_dir),
        tagger=cluster.tagger or "(none)",
    )
    assert line == row.line
    assert cluster.now() == cluster.digest
