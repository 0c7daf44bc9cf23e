"""Tells the versions that other clusters with the same data folder deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmtx_search.cluster.client.identity import cluster_uuid
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.tagging.versions.store import TaggerVersions

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


def of_other_clusters(client: Client, versions: TaggerVersions) -> frozenset[str]:
    """Return the names of the versions that another cluster deployed and may be using.

    A version of an earlier release does not say for which cluster it was made, and counts as this
    one's. So does a version that this cluster's pipeline or its records of deployments name: the
    cluster was restored from a snapshot of the one that deployed it.
    """
    own = cluster_uuid(client)
    others = {name for name in versions.names() if versions.cluster_of(name) not in ("", own)}
    if not own or not others:
        return frozenset()
    state = read_pipeline(client)
    here = {state.tagger, state.previous, state.rolled_back_from}
    records = RunStore(client).of_kinds("deploy", fields=("version",))
    here.update(record.get("version") for _, record in records)
    return frozenset(others - here)


def require_of_this_cluster(client: Client, versions: TaggerVersions, name: str) -> None:
    """Check that a version may be put into this cluster's pipeline.

    Raises:
        UserError: another cluster deployed it. Label changes of both would get into one version.
    """
    if name in of_other_clusters(client, versions):
        raise UserError(
            f"another cluster deployed the tagger {name} from this data_dir and may be using it: "
            "run `lmtx-search deploy` to make a version for this cluster, or, if the other cluster "
            f"is gone, `lmtx-search rollback {name} --take-over`"
        )
