"""Moves the pipeline back to an earlier tagger version."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.client.identity import cluster_uuid
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.decisions.renamed import follow_names
from lmtx_search.cluster.labels.codec import Vectors
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml import connectors
from lmtx_search.cluster.ml.model_state import deploy_again
from lmtx_search.cluster.ml.pipeline import (
    put_pipeline,
    read_pipeline,
    tagging_pipeline,
)
from lmtx_search.cluster.ml.pipeline_forms import (
    note_of_added_steps,
    rolled_back,
    with_added_steps,
)
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.pipeline_check import check_pipeline
from lmtx_search.tagging.deployment.rollback_plan import plan_rollback
from lmtx_search.tagging.service.client import (
    COPY_CHANGES,
    lacks_changes,
    service_url,
    tag_url,
)
from lmtx_search.tagging.versions.label_sync import (
    label_encoder,
    passages_of,
    sync_labels,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback did.

    ``previous`` is the tagger that was in use (None: there was none). ``put`` and ``retired`` count
    the labels that had changed since the version was last used. A tagger inside the cluster keeps
    the labels that it was made with. ``differences`` says in what the pipeline reads documents
    otherwise than before, one sentence each.
    """

    version: str
    previous: str | None
    label_index: str
    put: int
    retired: int
    in_cluster: bool
    seconds: float
    differences: Sequence[str] = ()


def roll_back(
    client: Client,
    settings: Settings,
    wanted: str | None,
    progress: Progress = SILENT,
    *,
    take_over: bool = False,
) -> Rollback:
    """Move the pipeline to another version, by default to the previous one.

    The rollback is recorded in ``lmtx-runs``. The version gets the current labels, so retired
    labels stay retired. (A version inside the cluster keeps its labels: see :class:`Rollback`.) The
    pipeline and the label alias do not change before the version has passed its test.

    If the version in use is named and lacks current labels, it gets them before the test, and tags
    with them at once, because a version has only one set of labels. If its test fails, it keeps
    them.

    Args:
        take_over: a version of another cluster becomes this one's.

    Raises:
        UserError: there is no such version, it is already in use with the labels of the label
            index, another cluster deployed it, the tagger service lacks it, or it was made before
            labels could change and lacks some.
        LmtxError: another command is changing the tagger, or the version failed its test.
    """
    started = time.monotonic()
    index = LabelIndex(client, settings.opensearch.knn_engine)
    with exclusive(client, "rollback") as lock, ExitStack() as undo:
        if active := read_pipeline(client).tagger:
            TaggerVersions(settings.data_dir).finish(active)
        plan = plan_rollback(client, settings, wanted, take_over=take_over)
        version, found, state, digests = plan.version, plan.registered, plan.state, plan.digests
        name, model = found.version, found.model
        for note in plan.differences:
            progress.note(note)
        if take_over:
            TaggerVersions(settings.data_dir).take_over(name, cluster_uuid(client))
        if model is None:
            remote = connectors.register(
                client, name, tag_url(service_url(settings.service), name), settings.service.token
            )
            undo.callback(connectors.remove, client, remote)
            model = remote.model
        else:
            deploy_again(client, model)
        put = retired = 0
        if not found.in_cluster:
            clock = partial(cluster_time, client)
            put, retired = sync_labels(version, settings, index, digests, clock, progress=progress)
        fields, untouched = plan.documents.text_fields, plan.documents.untouched
        windows = version.manifest.windows.most
        body = tagging_pipeline(
            name,
            model,
            fields,
            state.indices,
            windows,
            state.names,
            state.keep,
            untouched,
            version.rules(),
            review_first=version.manifest.review_first,
        )
        check_pipeline(client, body, name, fields[0], list(islice(index.labels(), 3)), plan.service)
        label_index = _label_index(index, settings, version, digests, found.in_cluster, progress)
        lock.require()
        undo.callback(put_pipeline, client, state.body)
        put_pipeline(client, rolled_back(with_added_steps(body, state.body), state))
        undo.callback(index.switch, index.require().index)
        index.switch(label_index)
        undo.pop_all()  # it is in use from here on, so nothing may be undone
        follow_names(client, progress)
        if plan.service and (lacking := lacks_changes(settings.service, version)):
            progress.note(f"{lacking}: {COPY_CHANGES}")
        for note in note_of_added_steps(state.body):
            progress.note(note)
    seconds = round(time.monotonic() - started, 3)
    done = Rollback(
        name,
        state.tagger,
        label_index,
        put,
        retired,
        found.in_cluster,
        seconds,
        plan.differences,
    )
    _record(client, done, progress)
    return done


def _record(client: Client, done: Rollback, progress: Progress) -> None:
    """Keep a record of a rollback. What fails is a note: the version is already in use."""
    record = {"kind": "rollback", **asdict(done), "seconds": {"all": done.seconds}}
    try:
        RunStore(client).save(new_run_id(), record)
    except Exception as error:
        known = error if isinstance(error, LmtxError) else translate(error)
        if known is None:
            raise
        progress.note(f"the rollback is not recorded, so `history` does not show it: {known}")


def _label_index(
    index: LabelIndex,
    settings: Settings,
    version: TaggerVersion,
    digests: Mapping[str, bytes],
    in_cluster: bool,
    progress: Progress,
) -> str:
    """Return the label index of the version's encoder, with the current labels."""
    current = index.require()
    digest = passages_of(version, settings)
    if current.encoder_digest == digest:
        return current.index
    dimension = version.manifest.dimension
    if there := index.version_with(digests, digest, dimension):
        return there
    if in_cluster:  # its own labels may be older than these
        encoder = label_encoder(version, settings)

        def embed(some: Sequence[Label]) -> Vectors:
            return embed_labels(encoder, some)
    else:
        rows = version.rows()
        row_of = {id_: row for row, id_ in enumerate(rows.ids)}

        def embed(some: Sequence[Label]) -> Vectors:
            return rows.embeddings[[row_of[label.id] for label in some]]

    return index.write_version(list(index.labels()), embed, digest, dimension, progress)
