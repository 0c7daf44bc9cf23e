"""Brings the labels of a tagger version in line with the label index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from lmtx_search.cluster.labels.codec import Vectors
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import deployed
from lmtx_search.cluster.ml.registry import registered
from lmtx_search.encoder.form import MODEL_FILES
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import passage_tokens, passages_digest
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


@dataclass(frozen=True, slots=True)
class LiveTagger:
    """The tagger of the pipeline. ``version`` is None if it runs inside the cluster."""

    name: str
    version: TaggerVersion | None


def live_version(client: Client, settings: Settings) -> LiveTagger | None:
    """Return the deployed tagger (None: no tagger is deployed).

    Raises:
        UserError: its folder is not on this machine.
    """
    name = deployed(client)
    if name is None:
        return None
    found = registered(client).get(name)
    if found is not None and found.in_cluster:
        return LiveTagger(name, None)
    versions = TaggerVersions(settings.data_dir)
    if name not in versions.names():
        raise UserError(
            f"the deployed tagger {name} is not in {versions.folder}: change labels on the machine "
            "where it was deployed, or set data_dir to its folder"
        )
    return LiveTagger(name, versions.get(name))


def sync_labels(
    version: TaggerVersion,
    settings: Settings,
    index: LabelIndex,
    digests: Mapping[str, bytes],
    clock: Callable[[], datetime],
    known: Callable[[Sequence[Label]], Vectors] | None = None,
    progress: Progress = SILENT,
) -> tuple[int, int]:
    """Give a version the labels of the label index; return how many were put and retired.

    Args:
        digests: of all labels of the label index (``LabelIndex.digests``).
        clock: returns the cluster's current time. It is asked after the embedding, which may take
            minutes: documents are tagged with the earlier labels meanwhile.
        known: returns embeddings of labels if the caller already has them.
    """
    changed, retired = differing_labels(version, digests)
    if not changed and not retired:
        return 0, 0
    puts = list(index.find(changed).values())
    if known is not None:
        vectors = known(puts)
    elif puts:
        with progress.stage("Embed changed labels", len(puts), "labels") as advance:
            vectors = embed_labels(label_encoder(version, settings), puts, advance)
    else:
        vectors = no_vectors(version.manifest.dimension)
    write_change(version.folder, version.manifest.encoder_digest, puts, vectors, retired, clock())
    return len(puts), len(retired)


def differing_labels(
    version: TaggerVersion, digests: Mapping[str, bytes]
) -> tuple[list[str], list[str]]:
    """Return the ids of labels that a version lacks or has in another form, and of those too many.

    Args:
        digests: of all labels of the label index (``LabelIndex.digests``).
    """
    current = version.label_digests()
    changed = [id_ for id_, digest in digests.items() if current.get(id_) != digest]
    return changed, sorted(current.keys() - digests.keys())


def passages_of(version: TaggerVersion, settings: Settings) -> str:
    """Return the digest of how a version's labels are embedded, as the label index stores it."""
    manifest = version.manifest
    # The first release did not record it, and its digests name no prompt.
    return manifest.passages or passages_digest(
        manifest.encoder_digest, settings.encoder.label_tokens, label_prompt=""
    )


def label_encoder(version: TaggerVersion, settings: Settings) -> OnnxEncoder:
    """Return the encoder that embeds labels for a version.

    Raises:
        UserError: the version was made without it.
    """
    version.check()
    if not (version.encoder_folder / MODEL_FILES["fp32"]).is_file():
        raise UserError(
            f"the tagger {version.manifest.version} was made before labels could change: "
            "run `lmtx-search deploy` to make a new one"
        )
    tokens = passage_tokens(passages_of(version, settings))
    return OnnxEncoder(version.encoder_folder, tokens, threads=settings.service.threads)


def no_vectors(dimension: int) -> Vectors:
    """Return float32[0, dimension]."""
    return np.empty((0, dimension), dtype=np.float32)
