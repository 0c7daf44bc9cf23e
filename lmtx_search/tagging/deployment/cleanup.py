"""What deployments that were killed left behind: the next one finds and removes it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lmtx_search.cluster.ml.pipeline import deployed
from lmtx_search.cluster.ml.registry import registered, unregister
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.store import TaggerVersions

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


def sweep(client: Client, settings: Settings) -> None:
    """Remove versions that no deployment has finished; for whoever holds the lock.

    Raises:
        LmtxError: ML Commons keeps a part of one.
    """
    versions = TaggerVersions(settings.data_dir)
    versions.sweep()
    for name in sorted(set(versions.names()) - set(versions.finished())):
        _remove(client, versions, name)


def give_up(client: Client, settings: Settings, name: str) -> None:
    """Remove a version whose deployment failed; while the cluster is away, that is for a sweep."""
    with suppress(Exception):  # the cluster may be what failed
        _remove(client, TaggerVersions(settings.data_dir), name)


def _remove(client: Client, versions: TaggerVersions, name: str) -> None:
    """Remove it, unless the pipeline tags with it: then only the answer to that got lost."""
    if deployed(client) == name:
        versions.finish(name)
        return
    held = registered(client).get(name)
    if held is not None:
        unregister(client, held)
    # The folder last: as long as it is there, the next sweep finds it.
    versions.discard(name)
