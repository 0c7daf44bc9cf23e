"""The state of the embedded servers: servers.json, which load_settings reads too."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lmtx_search.embedded.files import write_atomically
from lmtx_search.embedded.processes import Process
from lmtx_search.settings import embedded_state_file

_PORTS = "ports.json"
_CHOSEN = "chosen.json"


@dataclass
class State:
    """The servers of one data folder. Each change is written at once."""

    data_dir: Path
    settings: dict[str, Any] = field(default_factory=dict)
    """Values by dotted setting, for all other commands."""
    processes: dict[str, Process] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    """The last ports, which are used again if they are free, even after `down`."""
    chosen: dict[str, str] = field(default_factory=dict)
    """The last models that `up` downloaded (``encoder``, ``judge``), which stay after `down`."""
    starting: bool = False
    """An `up` is running. A killed `up` leaves this set."""

    def write(self) -> None:
        """Write servers.json, or remove it if no server is recorded."""
        path = embedded_state_file(self.data_dir)
        write_atomically(path.with_name(_PORTS), json.dumps(self.ports))
        write_atomically(path.with_name(_CHOSEN), json.dumps(self.chosen))
        if not self.processes and not self.settings:
            path.unlink(missing_ok=True)
            return
        body = {
            "settings": self.settings,
            "processes": {name: process.record() for name, process in self.processes.items()},
            "starting": self.starting,
        }
        write_atomically(path, json.dumps(body, indent=2) + "\n")


def read_state(data_dir: Path) -> State:
    """Read the state of a data folder (empty if there is none or it is damaged)."""
    path = embedded_state_file(data_dir)
    state = State(data_dir)
    ports = _read(path.with_name(_PORTS))
    state.ports = {name: port for name, port in ports.items() if isinstance(port, int)}
    chosen = _read(path.with_name(_CHOSEN))
    state.chosen = {what: name for what, name in chosen.items() if isinstance(name, str)}
    body = _read(path)
    try:
        state.settings = dict(body.get("settings", {}))
        state.processes = {
            name: Process(**record) for name, record in body.get("processes", {}).items()
        }
    except (AttributeError, TypeError, ValueError):
        state.settings, state.processes = {}, {}
    state.starting = bool(body.get("starting"))
    return state


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
