"""Removes unused tagger versions: models, connectors, label indices and folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.ml.registry import Registered, pipelines_with, registered, unregister
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.description import describe
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.label_sync import passages_of
from lmtx_search.tagging.versions.other_clusters import of_other_clusters
from lmtx_search.tagging.versions.store import TaggerVersions

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


@dataclass(frozen=True, slots=True)
class UnusedVersions:
    """What can be removed. ``kept`` maps each version that stays to the reason."""

    versions: list[str]
    registered: list[Registered]
    label_indices: list[str]
    kept: dict[str, str]

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to remove."""
        return not (self.versions or self.registered or self.label_indices)


def find_unused(client: Client, settings: Settings, keep: int = 1) -> UnusedVersions:
    """Return what is not used.

    The version of the pipeline stays, as do ``keep`` versions before it (for a rollback, first of
    all the one to which it goes), the versions that other pipelines name, and those that another
    cluster with the same data folder deployed. Label indices stay if the alias points to them, if
    they belong to a version that stays or to the encoder of the settings, or if a training run uses
    them.

    Raises:
        UserError: no tagger is deployed, so it is unknown which version will be needed.
    """
    versions = TaggerVersions(settings.data_dir)
    state = read_pipeline(client)
    in_use = state.tagger
    if in_use is None:
        raise UserError("no tagger is deployed, so no version is known to be unused")
    models = registered(client)
    others = of_other_clusters(client, versions)
    names = sorted({*versions.names(), *models} - others)
    kept = {in_use: "in use"}
    unfinished = set(versions.names()) - set(versions.finished())
    before = [name for name in names if name < in_use and name not in unfinished]
    for name in sorted(before, key=lambda name: (name == state.previous, name))[::-1][:keep]:
        kept[name] = "the way back"
    for name, found in models.items():
        if name not in kept and found.model and (users := pipelines_with(client, found.model)):
            kept[name] = f"named by the pipeline {users[0]}"
    label_indices = _label_indices(client, settings, list(kept))
    kept |= dict.fromkeys(sorted(others - kept.keys()), "another cluster deployed it")
    return UnusedVersions(
        versions=[name for name in versions.names() if name not in kept],
        registered=[found for name, found in models.items() if name not in kept],
        label_indices=label_indices,
        kept=kept,
    )


def prune(
    client: Client, settings: Settings, keep: int = 1, progress: Progress = SILENT
) -> UnusedVersions:
    """Remove what is not used. After an interruption the same call continues.

    Raises:
        UserError: as :func:`find_unused`.
        LmtxError: another command is changing the tagger, or ML Commons did not remove something.
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
            # Folders go last: a version is found again as long as it has a folder.
            for name in unused.versions:
                versions.discard(name)
                advance(1)
    return unused


def _label_indices(client: Client, settings: Settings, kept: list[str]) -> list[str]:
    versions = TaggerVersions(settings.data_dir)
    local = set(versions.names())
    if not local.issuperset(kept):
        return []  # the embeddings that the missing version needs are unknown
    needed = {passages_of(versions.get(name), settings) for name in kept}
    try:
        folder = chosen_encoder(settings)
    except LmtxError:
        return []  # the embeddings that the next training needs are unknown
    prompt = describe(folder).label_prompt
    needed.add(passages_digest(encoder_digest(folder), settings.encoder.label_tokens, prompt))
    return LabelIndex(client, settings.opensearch.knn_engine).unneeded(needed)
