"""Lists all tagger versions, in the folder and in the cluster, with their measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.ml.pipeline import deployed
from lmtx_search.cluster.ml.registry import Registered, registered
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.other_clusters import of_other_clusters
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import Manifest

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

# What is read of the records of runs.
_READ = ("kind", "measures.llm_p1", "tagger", "systems", "taggers")

AGREEMENT = "agreement"
"""The measure of a static version: how often it has the first label of its transformer."""


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A tagger version.

    Attributes:
        manifest: None if the folder is damaged or not on this machine.
        registered: None if ML Commons does not have it.
        measures: of its training run, the last `evaluate` and the last `watch`, by name. Those of
            the training run are the transformer's: a static version has its agreement with it.
        elsewhere: another cluster with the same data folder deployed it.
    """

    version: str
    active: bool
    manifest: Manifest | None
    registered: Registered | None
    measures: dict[str, float]
    elsewhere: bool = False

    @property
    def state(self) -> str:
        """The state of the version in a few words."""
        if self.active:
            return "in use" if self.registered else "model lost"
        if self.elsewhere:
            return "of another cluster"
        if self.registered is None:
            return "not in the cluster"
        return "ready" if self.manifest else "not on this machine"


def inventory(client: Client, settings: Settings) -> list[VersionEntry]:
    """Return all versions, newest first."""
    versions = TaggerVersions(settings.data_dir)
    active = deployed(client)
    models = registered(client)
    names = {*versions.names(), *models} | ({active} if active else set())
    measured = _measured(client)
    others = of_other_clusters(client, versions)
    entries = []
    for name in sorted(names, reverse=True):
        try:
            manifest = versions.get(name).manifest
        except UserError:
            manifest = None
        measures = dict(measured.get(name, {}))
        if manifest and manifest.student:
            measures = {AGREEMENT: manifest.student.agreement, **measures}
        elif manifest and manifest.run:
            measures = {**measured.get(manifest.run, {}), **measures}
        entries.append(
            VersionEntry(name, name == active, manifest, models.get(name), measures, name in others)
        )
    return entries


def _measured(client: Client) -> dict[str, dict[str, float]]:
    """Return the last measures in the run records, by tagger version or training run."""
    found: dict[str, dict[str, float]] = {}
    records = RunStore(client).of_kinds("train", "evaluate", "watch", fields=_READ)
    for run, record in records:
        kind = record.get("kind")
        if kind == "train":
            _note(found, run, "LLM-P@1", record.get("measures", {}).get("llm_p1"))
        elif kind == "evaluate" and record.get("tagger"):
            systems: dict[str, Any] = record.get("systems", {})
            name = next((system for system in systems if system.startswith("tagger")), None)
            p1 = systems[name].get("P@1", {}) if name else {}
            _note(found, str(record["tagger"]), "P@1", p1.get("value"))
        elif kind == "watch":
            for tagger, one in record.get("taggers", {}).items():
                _note(found, tagger, "watched", one.get("precision"))
    return found


def _note(found: dict[str, dict[str, float]], of: str, name: str, value: float | None) -> None:
    if value is not None:
        found.setdefault(of, {}).setdefault(name, value)
