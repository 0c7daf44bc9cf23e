"""Says what a rollback would do, and refuses one that is not possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import PipelineState, read_pipeline
from lmtx_search.cluster.ml.registry import Registered, registered
from lmtx_search.errors import UserError
from lmtx_search.settings import DocumentSettings, Settings
from lmtx_search.tagging.deployment.documents_read import DocumentsRead, as_json
from lmtx_search.tagging.service.client import require_service, require_version, service_url
from lmtx_search.tagging.versions.label_sync import differing_labels
from lmtx_search.tagging.versions.other_clusters import (
    of_other_clusters,
    require_of_this_cluster,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import Manifest, TaggerVersion

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What a rollback would do.

    Attributes:
        registered: the version's parts in ML Commons.
        service: address of its service (None: it runs inside the cluster).
        state: the pipeline now.
        digests: of all labels of the label index, by id.
        documents: what the pipeline will read of documents.
        differences: in what this differs from what the pipeline reads now, one sentence each.
    """

    version: TaggerVersion
    registered: Registered
    service: str | None
    state: PipelineState
    digests: Mapping[str, bytes]
    documents: DocumentsRead
    differences: Sequence[str]

    @property
    def in_use(self) -> bool:
        """Whether the pipeline tags with the version now: the rollback repairs it."""
        return self.version.manifest.version == self.state.tagger

    def label_changes(self) -> tuple[int, int]:
        """Return how many labels the version will get, and how many it will lose."""
        if self.registered.in_cluster:
            return 0, 0
        changed, retired = differing_labels(self.version, self.digests)
        return len(changed), len(retired)


def plan_rollback(
    client: Client, settings: Settings, wanted: str | None, *, take_over: bool = False
) -> RollbackPlan:
    """Return what a rollback would do. Nothing is changed.

    Args:
        wanted: the version (None: the one that was in use when the current one was deployed).
        take_over: a version of another cluster may be used.

    Raises:
        UserError: there is no such version, it is already in use with the labels of the label
            index, another cluster deployed it, or the tagger service lacks it.
    """
    state = read_pipeline(client)
    versions = TaggerVersions(settings.data_dir)
    name = wanted or _previous(client, state, versions)
    version = versions.get(name)
    if not take_over:
        require_of_this_cluster(client, versions, name)
    found = registered(client).get(name, Registered(name, None, None))
    digests = LabelIndex(client, settings.opensearch.knn_engine).digests()
    # After a restore the pipeline may name a model that ML Commons does not have, and the version
    # may lack the labels of a label index that was restored.
    if (
        name == state.tagger
        and found.model is not None
        and (found.in_cluster or not any(differing_labels(version, digests)))
    ):
        raise UserError(f"the pipeline already tags with {name}")
    url = None
    if not found.in_cluster:
        url = service_url(settings.service)
        require_service(url)
        require_version(settings.service, version)
    documents, differences = _documents_read(version.manifest, state, settings.documents)
    return RollbackPlan(version, found, url, state, digests, documents, differences)


def _previous(client: Client, state: PipelineState, versions: TaggerVersions) -> str:
    others = of_other_clusters(client, versions)
    return _before(state, [name for name in versions.finished() if name not in others])


def _before(state: PipelineState, versions: Sequence[str]) -> str:
    """Return the version to go back to, one of the finished ``versions``, oldest first."""
    active = state.tagger
    if active is None:
        raise UserError("no tagger is deployed: there is nothing to go back from")
    if state.rolled_back_from is not None:
        raise UserError(
            f"{active} is in use since a rollback from {state.rolled_back_from}: to go to another "
            "version, name it (`lmtx-search taggers` lists them)"
        )
    if state.previous is not None:
        if state.previous not in versions:
            raise UserError(
                f"{state.previous}, the tagger before {active}, is not on this machine: name "
                "another version (`lmtx-search taggers` lists them)"
            )
        return state.previous
    # The first deployment, or one of an earlier release.
    earlier = [name for name in versions if name < active]
    if not earlier:
        raise UserError(f"there is no tagger version before {active}: `lmtx-search taggers`")
    return earlier[-1]


def _documents_read(
    manifest: Manifest, state: PipelineState, settings: DocumentSettings
) -> tuple[DocumentsRead, list[str]]:
    """Return what is read of documents with a version, and in what this differs from now.

    Text fields and untouched documents are those that the version was deployed with. A version of
    an earlier release does not have them: the pipeline keeps its own. Documents that are protected
    now stay so unless the version says which documents are.
    """
    now = DocumentsRead(state.fields or settings.text_fields, state.untouched)
    if not manifest.text_fields:
        return now, []
    then = DocumentsRead(manifest.text_fields, manifest.untouched or state.untouched)
    notes = [f"With {manifest.version}, the pipeline {one}" for one in then.unlike(now)]
    if manifest.untouched is None and state.untouched is not None:
        notes.append(
            f"{manifest.version} was deployed without documents that are never touched; documents "
            f"that match {as_json(state.untouched)} stay untouched nevertheless (`lmtx-search "
            "deploy` without documents.untouched_query touches them)"
        )
    return then, notes
