"""Removing tagger versions that nothing uses: models, connectors, label indices, folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import deployed
from lmtx_search.cluster.ml.registry import Registered, pipelines_with, registered, unregister
from lmtx_search.encoder.folder import encoder_digest, resolve_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.label_sync import passages_of
from lmtx_search.tagging.versions.store import TaggerVersions

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


@dataclass(frozen=True, slots=True)
class Unused:
    """What would go, and what stays and why."""

    versions: list[str]
    registered: list[Registered]
    label_indices: list[str]
    kept: dict[str, str]

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to remove."""
        return not (self.versions or self.registered or self.label_indices)


def find_unused(client: Client, settings: Settings, keep: int = 1) -> Unused:
    """Return what nothing uses.

    The version that the pipeline uses stays, the ``keep`` versions before it (for a rollback), and
    whatever another pipeline names. Of the label index stay the version that the alias points to,
    those of versions that stay and of the settings' encoder, and what a training run holds.

    Raises:
        UserError: no tagger is deployed: nobody could tell which one will be needed.
    """
    versions = TaggerVersions(settings.data_dir)
    active = deployed(client)
    if active is None:
        raise UserError("no tagger is deployed, so that none can be said to be unused")
    held = registered(client)
    names = sorted({*versions.names(), *held})
    kept = {active: "in use"}
    never = set(versions.names()) - set(versions.finished())
    for name in [name for name in names if name < active and name not in never][::-1][:keep]:
        kept[name] = "the way back"
    for name, found in held.items():
        if name not in kept and found.model and (users := pipelines_with(client, found.model)):
            kept[name] = f"named by the pipeline {users[0]}"
    return Unused(
        versions=[name for name in versions.names() if name not in kept],
        registered=[found for name, found in held.items() if name not in kept],
        label_indices=_label_indices(client, settings, list(kept)),
        kept=kept,
    )


def prune(client: Client, settings: Settings, keep: int = 1, progress: Progress = SILENT) -> Unused:
    """Remove what nothing uses; interrupted, the same call continues.

    Raises:
        UserError: as :func:`find_unused`.
        LmtxError: another command is changing the tagger, or ML Commons keeps something.
    """
    versions = TaggerVersions(settings.data_dir)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    with exclusive(client, "prune"):
        unused = find_unused(client, settings, keep)
        total = len(unused.registered) + len(unused.label_indices) + len(unused.versions)
        with progress.stage("Remove what nothing uses", total, "things") as advance:
            for found in unused.registered:
                unregister(client, found)
                advance(1)
            for name in unused.label_indices:
                index.remove(name)
                advance(1)
            # Folders last: a version is listed, and so found again, as long as it has one.
            for name in unused.versions:
                versions.discard(name)
                advance(1)
    return unused


def _label_indices(client: Client, settings: Settings, kept: list[str]) -> list[str]:
    versions = TaggerVersions(settings.data_dir)
    here = set(versions.names())
    if not here.issuperset(kept):
        return []  # nobody here knows which embeddings that version needs
    needed = {passages_of(versions.get(name), settings) for name in kept}
    try:
        folder = resolve_encoder(settings.encoder.name, settings.cache_dir)
    except LmtxError:
        return []  # nor which ones the next training starts from
    needed.add(passages_digest(encoder_digest(folder), settings.encoder.label_tokens))
    return LabelIndex(client, settings.opensearch.knn_engine).unneeded(needed)
