"""Removes what killed or failed deployments left behind."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.identity import cluster_uuid
from lmtx_search.cluster.ml.pipeline import deployed
from lmtx_search.cluster.ml.registry import registered, unregister
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.other_clusters import of_other_clusters
from lmtx_search.tagging.versions.store import TaggerVersions

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


def remove_unfinished(client: Client, settings: Settings) -> None:
    """Remove the versions that no deployment to this cluster finished.

    The caller must hold the tagger lock. Another cluster may be testing others.

    Raises:
        LmtxError: ML Commons did not remove a part of a version.
    """
    versions = TaggerVersions(settings.data_dir)
    versions.remove_partial(cluster_uuid(client))
    unfinished = set(versions.names()) - set(versions.finished())
    for name in sorted(unfinished - of_other_clusters(client, versions)):
        _remove(client, versions, name)


def remove_failed(client: Client, settings: Settings, name: str) -> None:
    """Remove a version whose deployment failed.

    If the cluster cannot be reached, the next deployment removes it.
    """
    with suppress(Exception):  # the cluster may be what failed
        _remove(client, TaggerVersions(settings.data_dir), name)


def _remove(client: Client, versions: TaggerVersions, name: str) -> None:
    """Remove a version, unless the pipeline tags with it and only the cluster's reply was lost."""
    if deployed(client) == name:
        versions.finish(name)
        return
    found = registered(client).get(name)
    if found is not None:
        unregister(client, found)
    # The folder goes last, because the next deployment finds the version by its folder.
    versions.discard(name)
