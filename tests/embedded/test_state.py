"""What `up` notes is what every other command reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lmtx_search.embedded import servers
from lmtx_search.embedded.processes import Process
from lmtx_search.embedded.state import read_state
from lmtx_search.errors import LmtxError
from lmtx_search.settings import (
    Settings,
    embedded_state_file,
    load_settings,
    load_settings_with_origins,
)

GONE = Process("OpenSearch", 2**22 - 1, "boot/1", "token", "/nowhere/x.log")


def settings_of(tmp_path: Path) -> Settings:
    return load_settings(flags={"data_dir": tmp_path, "cache_dir": tmp_path / "cache"})


def test_notes_are_read_back_and_are_settings(tmp_path: Path) -> None:
    state = read_state(tmp_path)
    state.settings = {"opensearch.url": "http://127.0.0.1:4321"}
    state.processes = {"opensearch": GONE}
    state.write()
    assert read_state(tmp_path).processes == {"opensearch": GONE}
    loaded = load_settings_with_origins(flags={"data_dir": tmp_path})
    assert loaded.settings.opensearch.url == "http://127.0.0.1:4321"
    assert loaded.origins["opensearch.url"] == "embedded servers"


def test_ports_stay_when_nothing_runs_any_more(tmp_path: Path) -> None:
    state = read_state(tmp_path)
    state.ports = {"opensearch": 4321}
    state.write()
    assert not embedded_state_file(tmp_path).exists()
    assert read_state(tmp_path).ports == {"opensearch": 4321}


def test_the_chosen_models_survive_down(tmp_path: Path) -> None:
    state = read_state(tmp_path)
    state.chosen = {"encoder": "multilingual-e5-small"}
    state.processes = {"opensearch": GONE}
    state.write()
    servers.down(settings_of(tmp_path))
    assert read_state(tmp_path).chosen == {"encoder": "multilingual-e5-small"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"settings": null}',
        '{"processes": null}',
        '{"processes": {"opensearch": {"pid": 1}}}',
    ],
)
def test_damaged_notes_count_as_none(tmp_path: Path, text: str) -> None:
    path = embedded_state_file(tmp_path)
    path.parent.mkdir()
    path.write_text(text)
    assert read_state(tmp_path).processes == {}


def test_a_server_that_ended_by_itself_is_shown_as_ended(tmp_path: Path) -> None:
    state = read_state(tmp_path)
    state.settings = {"opensearch.url": "http://127.0.0.1:4321"}
    state.processes = {"opensearch": GONE}
    state.write()
    shown = servers.servers(settings_of(tmp_path))
    assert [(server.name, server.state) for server in shown] == [("opensearch", "ended")]


def test_down_with_nothing_running_stops_nothing_and_forgets_stale_notes(tmp_path: Path) -> None:
    state = read_state(tmp_path)
    state.processes = {"opensearch": GONE}
    state.write()
    assert servers.down(settings_of(tmp_path)) == []
    assert not embedded_state_file(tmp_path).exists()


def test_what_a_failed_up_had_started_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that cannot start is hard to make: its start is replaced by one that fails."""
    from lmtx_search.embedded.processes import is_alive, spawn

    started: list[Process] = []

    def start(*arguments: object) -> None:
        process = spawn("x", ["sleep", "600"], tmp_path / "x.log", os.environ)
        started.append(process)
        arguments[-2](process)  # type: ignore[operator]
        raise LmtxError("OpenSearch ended while starting")

    monkeypatch.setattr(servers, "prepare_opensearch", lambda *_: (Path(), None))
    monkeypatch.setattr(servers, "start_opensearch", start)
    with pytest.raises(LmtxError, match="ended while starting"):
        servers.up(settings_of(tmp_path))
    assert len(started) == 1
    assert not is_alive(started[0])
    assert not embedded_state_file(tmp_path).exists()
