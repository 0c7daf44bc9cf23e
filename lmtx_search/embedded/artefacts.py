"""The pinned parts of the embedded OpenSearch, from one data file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

_PINNED = "opensearch-3.6.0.json"


@dataclass(frozen=True)
class Artefact:
    """One file of a Maven repository: coordinates, size in bytes and SHA-256."""

    coordinates: str
    packaging: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The usual file name: artifact-version[-classifier].packaging."""
        _, name, *rest = self.coordinates.split(":")
        return f"{'-'.join([name, *rest])}.{self.packaging}"


@dataclass(frozen=True)
class Module:
    """A module of the distribution: its plugin class, the plugins it extends, and its jars.

    ``policy`` lists its permissions under the security manager of 2.x or the agent of 3.x. Without
    the permission to connect, a node finds no other node.
    """

    name: str
    class_name: str
    extends: tuple[str, ...]
    jars: tuple[Artefact, ...]
    policy: str


@dataclass(frozen=True)
class Native:
    """The native libraries that ML Commons needs and would otherwise download itself.

    Attributes:
        plugin: the plugin whose folder gets the jar ``libraries``.
        libraries_in: folder in this jar whose files are unpacked.
        bridge_in, bridge_name: file in the jar ``bridge`` and the name it is unpacked to.
        folder: where all are unpacked to, under the node's ``ml_cache``.
    """

    plugin: str
    libraries: Artefact
    bridge: Artefact
    libraries_in: str
    bridge_in: str
    bridge_name: str
    folder: str


@dataclass(frozen=True)
class Distribution:
    """Everything that an OpenSearch node is assembled from."""

    version: str
    java: int
    lib: tuple[Artefact, ...]
    agent: tuple[Artefact, ...]
    modules: tuple[Module, ...]
    plugins: Mapping[str, Artefact]
    native: Native
    digest: str

    def artefacts(self) -> Iterator[Artefact]:
        """Yield all files, largest first, so that parallel downloads end at about the same time."""
        every = [*self.lib, *self.agent, *self.plugins.values()]
        every += [self.native.libraries, self.native.bridge]
        every += [jar for module in self.modules for jar in module.jars]
        yield from sorted(every, key=lambda artefact: -artefact.size)


def read_distribution(file: Path | None = None) -> Distribution:
    """Read the data file of a version, by default of the version that `up` starts."""
    text = (file or files("lmtx_search.embedded") / _PINNED).read_text()
    data = json.loads(text)

    def jars(entries: list[dict[str, object]]) -> tuple[Artefact, ...]:
        return tuple(_artefact(entry, "jar") for entry in entries)

    return Distribution(
        version=data["version"],
        java=data["java"],
        lib=jars(data["lib"]),
        agent=jars(data["agent"]),
        modules=tuple(
            Module(
                name,
                entry["class"],
                tuple(entry["extends"]),
                jars(entry["jars"]),
                entry.get("policy", ""),
            )
            for name, entry in data["modules"].items()
        ),
        plugins={name: _artefact(entry, "zip") for name, entry in data["plugins"].items()},
        native=_native(data["native"]),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def _native(entry: Mapping[str, Any]) -> Native:
    return Native(
        plugin=entry["plugin"],
        libraries=_artefact(entry["libraries"], "jar"),
        bridge=_artefact(entry["bridge"], "jar"),
        libraries_in=entry["libraries_in"],
        bridge_in=entry["bridge_in"],
        bridge_name=entry["bridge_name"],
        folder=entry["folder"],
    )


def _artefact(entry: Mapping[str, object], packaging: str) -> Artefact:
    size = entry["size"]
    assert isinstance(size, int)
    return Artefact(str(entry["artifact"]), packaging, size, str(entry["sha256"]))
