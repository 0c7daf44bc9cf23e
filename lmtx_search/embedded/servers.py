"""Starts and stops the embedded servers of one data folder (`up` and `down`)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from lmtx_search.embedded.files import sweep
from lmtx_search.embedded.net import LOOPBACK, free_port
from lmtx_search.embedded.ollama import add_model, find_ollama, model_store, start_ollama
from lmtx_search.embedded.opensearch import prepare_opensearch, start_opensearch
from lmtx_search.embedded.places import Places, find_places, open_up
from lmtx_search.embedded.processes import Process, is_alive, stop
from lmtx_search.embedded.set_addresses import other_ollama, winning_settings, without_addresses
from lmtx_search.embedded.several_nodes import SEVERAL, members, nodes_of, start_several
from lmtx_search.embedded.state import State, read_state
from lmtx_search.embedded.tagger import start_tagger
from lmtx_search.embedded.wanted_models import (
    download_encoder,
    download_judge,
    in_process,
    own_gguf,
)
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.system.file_locks import one_after_another, only_one

OPENSEARCH, OLLAMA, TAGGER = "opensearch", "ollama", "tagger"
# A cluster of several nodes is recorded as opensearch, opensearch-2 and opensearch-3.
NODES = (OPENSEARCH, *(f"{OPENSEARCH}-{number}" for number in range(2, SEVERAL + 1)))
_STOP_ORDER = (TAGGER, OLLAMA, *NODES)


@dataclass(frozen=True)
class Server:
    """A server in the reports of `up`, `down` and `status`."""

    name: str
    address: str
    state: str
    """``started``, ``running``, ``used`` (not started by us), ``stopped`` or ``ended``."""
    log: str | None = None


def prepare(
    settings: Settings, *, judge: bool = True, encoder: bool = True, progress: Progress = SILENT
) -> None:
    """Download and build everything that `up` starts."""
    places = find_places(settings)
    state = read_state(settings.data_dir)
    if judge and not in_process(settings) and (note := other_ollama(settings, state)):
        progress.note(note)
        judge = False
    with _terminated_is_an_exception():
        with prepared(places, progress):
            prepare_opensearch(places, progress)
            if encoder:
                download_encoder(settings, places, state, progress)
            if judge and not (in_process(settings) and own_gguf(settings)):
                download_judge(settings, places, state, progress)
        if judge and not in_process(settings):
            find_ollama(places.cache, progress)


def up(
    settings: Settings,
    *,
    judge: bool = True,
    tagger: bool = True,
    nodes: int | None = None,
    progress: Progress = SILENT,
) -> list[Server]:
    """Start the servers that are not running, and record them for all other commands.

    After any failure, the servers that this call started are stopped again.

    Args:
        nodes: the number of OpenSearch nodes, 1 or 3; None: as many as the data folder had, or 1.

    Raises:
        UserError: the data folder holds a cluster with a different number of nodes.
        LmtxError: another `up` is running, or a download or a start failed.
    """
    places = find_places(settings)
    with only_one(places.state / "lock", f"`lmtx-search up` or `down` in {settings.data_dir}"):
        state = read_state(settings.data_dir)
        number = nodes_of(places, nodes)
        if state.starting:
            _stop_all(state, list(state.processes))
        running = {name for name, process in state.processes.items() if is_alive(process)}
        before, chosen = dict(state.settings), dict(state.chosen)
        settings = without_addresses(settings, before)
        state.starting = True
        try:
            with _terminated_is_an_exception():
                _start_nodes(places, state, running, number, progress)
                _start_others(settings, places, state, running, judge, tagger, progress)
        except BaseException:
            _stop_all(state, [name for name in state.processes if name not in running])
            state.settings = before if running else {}
            state.chosen = chosen
            state.starting = False
            state.write()
            raise
        state.starting = False
        state.write()
        for note in winning_settings(settings, state.settings):
            progress.note(note)
        return _report(state, running)


def down(settings: Settings, progress: Progress = SILENT) -> list[Server]:
    """Stop the servers that `up` started. Data, downloads, ports and models stay for the next."""
    places = find_places(settings)
    with only_one(places.state / "lock", f"`lmtx-search up` or `down` in {settings.data_dir}"):
        state = read_state(settings.data_dir)
        running = {name for name, process in state.processes.items() if is_alive(process)}
        stopped = [
            Server(server.name, server.address, "stopped", server.log)
            for server in _report(state, running)
            if server.state == "running"
        ]
        with progress.stage("Stopping", len(state.processes), "servers") as advance:
            _stop_all(state, list(state.processes), advance)
        state.settings = {}
        state.starting = False
        state.write()
        return stopped


def servers(settings: Settings) -> list[Server]:
    """Return the recorded servers of the data folder with their states."""
    state = read_state(settings.data_dir)
    return _report(state, {name for name, process in state.processes.items() if is_alive(process)})


def _start_nodes(
    places: Places, state: State, running: set[str], number: int, progress: Progress
) -> None:
    names = NODES[:number]
    missing = [name for name in names if name not in running]
    if not missing:
        return
    with prepared(places, progress):
        node = prepare_opensearch(places, progress)
    # The ports of nodes that run are in use, and must not be replaced by free ones.
    for name in missing:
        assign_ports(state, name)
    ports = [(state.ports[name], state.ports[f"{name}-transport"]) for name in names]
    addresses = [f"http://{LOOPBACK}:{http}" for http, _ in ports]
    state.settings["opensearch.url"] = addresses[0]
    state.settings["opensearch.knn_engine"] = "lucene"
    if number == 1:
        start_opensearch(places, node, *ports[0], _noter(state)(OPENSEARCH), progress)
        return
    state.settings["opensearch.urls"] = addresses
    every = dict(zip(names, members(places, ports), strict=True))
    starting = {name: every[name] for name in missing}
    start_several(places, node, starting, _noter(state), progress)


def _start_others(
    settings: Settings,
    places: Places,
    state: State,
    running: set[str],
    judge: bool,
    tagger: bool,
    progress: Progress,
) -> None:
    noted = _noter(state)
    with prepared(places, progress):
        download_encoder(settings, places, state, progress)
    if judge and not in_process(settings):
        _start_judge(settings, places, state, running, noted(OLLAMA), progress)
    elif judge and not own_gguf(settings):
        with prepared(places, progress):
            judged_by = download_judge(settings, places, state, progress)
            assert judged_by is not None
            state.settings["judge.gguf"] = str(judged_by.file)
    if tagger and TAGGER not in running:
        port = _port(state, "tagger")
        start_tagger(settings, places, port, noted(TAGGER), progress)
        state.settings["service.port"] = port
        state.settings["service.url"] = f"http://{LOOPBACK}:{port}"


def _start_judge(
    settings: Settings,
    places: Places,
    state: State,
    running: set[str],
    noted: Callable[[Process], None],
    progress: Progress,
) -> None:
    if note := other_ollama(settings, state):
        progress.note(note)
        return
    with prepared(places, progress):
        judge = download_judge(settings, places, state, progress)
    if OLLAMA not in running:
        ollama = find_ollama(places.cache, progress)
        if ollama.program is None:
            address = ollama.address
        else:
            address = f"http://{LOOPBACK}:{_port(state, 'ollama')}"
            start_ollama(ollama.program, address, places, noted, progress)
        state.settings["ollama.hosts"] = [address]
    if judge is not None:
        ours = model_store(places) if OLLAMA in state.processes else None
        add_model(state.settings["ollama.hosts"][0], judge, ours, progress)
        state.settings["ollama.model"] = judge.name


def _noter(state: State) -> Callable[[str], Callable[[Process], None]]:
    """Return a function that records a process as soon as it exists, before it answers."""

    def for_server(name: str) -> Callable[[Process], None]:
        def note(process: Process) -> None:
            state.processes[name] = process
            state.write()

        return note

    return for_server


def assign_ports(state: State, name: str) -> None:
    """Give a node an HTTP port and a transport port: its last ones if they are free."""
    _port(state, name)
    _port(state, f"{name}-transport")


def _port(state: State, name: str) -> int:
    others = {port for other, port in state.ports.items() if other != name}
    state.ports[name] = free_port(state.ports.get(name), others)
    return state.ports[name]


@contextmanager
def prepared(places: Places, progress: Progress) -> Iterator[None]:
    """Hold the locks of the shared caches, so that only one command fills them.

    A build of Ollama takes minutes and has a lock of its own: commands that need no Ollama do not
    wait for it.
    """
    open_up(places.node_cache)
    what = "downloads or builds the same"
    with (
        one_after_another(places.cache / "lock", what, progress),
        one_after_another(places.node_cache / "lock", what, progress),
    ):
        builds = places.cache / "ollama"
        for folder in (places.node_cache, *places.cache.glob("*"), *places.cache.glob("*/*")):
            if builds not in (folder, folder.parent):
                sweep(folder)
        yield


def _stop_all(state: State, names: list[str], advance: Callable[[int], None] | None = None) -> None:
    for name in sorted(names, key=_STOP_ORDER.index):
        stop(state.processes[name])
        del state.processes[name]
        state.write()
        if advance:
            advance(1)


def _report(state: State, running: set[str]) -> list[Server]:
    urls = state.settings.get("opensearch.urls") or [state.settings.get("opensearch.url")]
    addresses = {
        **dict(zip(NODES, urls, strict=False)),
        OLLAMA: (state.settings.get("ollama.hosts") or [None])[0],
        TAGGER: state.settings.get("service.url"),
    }
    found = []
    for name, address in addresses.items():
        process = state.processes.get(name)
        if process is not None:
            alive = is_alive(process)
            kind = "ended" if not alive else "running" if name in running else "started"
            found.append(Server(name, address or "", kind, process.log))
        elif address:
            found.append(Server(name, address, "used"))
    return found


@contextmanager
def _terminated_is_an_exception() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that it cleans up as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
