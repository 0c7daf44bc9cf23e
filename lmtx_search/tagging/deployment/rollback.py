"""Going back: the pipeline is moved to a tagger version that was made before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.labels.codec import Vectors
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml import connectors
from lmtx_search.cluster.ml.pipeline import put_pipeline, read_pipeline, tagging_pipeline
from lmtx_search.cluster.ml.registry import Registered, ensure_deployed, registered
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.deploy import try_out
from lmtx_search.tagging.service.client import (
    require_service,
    require_version,
    service_url,
    tag_url,
)
from lmtx_search.tagging.versions.label_sync import (
    bring_up_to_date,
    label_encoder,
    passages_of,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback did; ``put`` and ``retired`` labels had changed since the version's time.

    A tagger that runs inside the cluster keeps the labels that it was made with.
    """

    version: str
    previous: str
    label_index: str
    put: int
    retired: int
    in_cluster: bool
    seconds: float


def before(client: OpenSearch, settings: Settings) -> str:
    """Return the version that was deployed before the one that the pipeline uses.

    Raises:
        UserError: there is none.
    """
    active = read_pipeline(client).tagger
    if active is None:
        raise UserError("no tagger is deployed: there is nothing to go back from")
    names = [name for name in TaggerVersions(settings.data_dir).finished() if name < active]
    if not names:
        raise UserError(f"there is no tagger version before {active}: `lmtx-search taggers`")
    return names[-1]


def roll_back(
    client: OpenSearch, settings: Settings, wanted: str | None, progress: Progress = SILENT
) -> Rollback:
    """Let the pipeline tag with another version, by default with the one before.

    The version gets the labels as they are now: what was retired meanwhile stays retired (not one
    inside the cluster: see :class:`Rollback`). It is tested first; nothing that is in use changes
    before.

    Raises:
        UserError: no such version, it is in use already, or the tagger service lacks it.
        LmtxError: another command is changing the tagger, or the version failed its test.
    """
    started = time.monotonic()
    index = LabelIndex(client, settings.opensearch.knn_engine)
    with exclusive(client, "rollback") as held, ExitStack() as undo:
        state = read_pipeline(client)
        if state.tagger:
            TaggerVersions(settings.data_dir).finish(state.tagger)
        name = wanted or before(client, settings)
        version = TaggerVersions(settings.data_dir).get(name)
        there = registered(client).get(name, Registered(name, None, None))
        # After a restore the pipeline names a model that ML Commons no longer has.
        if name == state.tagger and there.model is not None:
            raise UserError(f"the pipeline already tags with {name}")
        url = None
        if not there.in_cluster:
            url = service_url(settings.service)
            require_service(url)
            require_version(settings.service, version)
        model = there.model
        if model is None:
            remote = connectors.register(
                client, name, tag_url(service_url(settings.service), name), settings.service.token
            )
            undo.callback(connectors.remove, client, remote)
            model = remote.model
        else:
            ensure_deployed(client, model)
        labels = list(index.labels())
        put = retired = 0
        if not there.in_cluster:
            now = cluster_time(client)
            put, retired = bring_up_to_date(version, settings, labels, now, progress=progress)
        fields = state.fields or settings.documents.text_fields
        windows = version.manifest.windows.most
        body = tagging_pipeline(
            name, model, fields, state.indices, windows, state.names, state.keep
        )
        try_out(client, body, name, fields[0], labels, url)
        label_index = _label_index(index, settings, version, labels, there.in_cluster, progress)
        held.require()
        put_pipeline(client, body)
        undo.pop_all()  # it is in use: nothing of it may be undone
        index.switch(label_index)
    seconds = round(time.monotonic() - started, 3)
    before_it = state.tagger or "none"
    return Rollback(name, before_it, label_index, put, retired, there.in_cluster, seconds)


def _label_index(
    index: LabelIndex,
    settings: Settings,
    version: TaggerVersion,
    labels: list[Label],
    in_cluster: bool,
    progress: Progress,
) -> str:
    """Return the label index of the version's encoder, brought up to the labels."""
    now = index.require()
    digest = passages_of(version, settings)
    if now.encoder_digest == digest:
        return now.index
    if in_cluster:  # it may lack labels, and know others by another name
        encoder = label_encoder(version, settings)

        def embed(some: Sequence[Label]) -> Vectors:
            return embed_labels(encoder, some)
    else:
        rows = version.rows()
        row_of = {id_: row for row, id_ in enumerate(rows.ids)}

        def embed(some: Sequence[Label]) -> Vectors:
            return rows.embeddings[[row_of[label.id] for label in some]]

    return index.write_version(labels, embed, digest, version.manifest.dimension, progress)
