"""Changes labels in the label index and in the live tagger, while documents are being tagged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.decisions.renamed import follow_names
from lmtx_search.cluster.facets.tag_labels import sharing, tag_names
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.codec import Vectors
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.labels.load_plan import LoadReport
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.renamed_tags import renamed_by_load, renamed_tags
from lmtx_search.tagging.service.client import COPY_CHANGES, lacks_changes
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.label_names import current_names
from lmtx_search.tagging.versions.label_sync import (
    label_encoder,
    live_version,
    no_vectors,
    passages_of,
    sync_labels,
)
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.text_sample import TextSample

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

ChooseLabels = Callable[[Mapping[str, Label]], Sequence[Label]]
"""Returns the labels to put or retire, given the existing ones by id."""


@dataclass(frozen=True, slots=True)
class LabelEdit:
    """What an edit did.

    ``tagger`` is the tagger that already has the change. ``waiting`` is a tagger that gets the
    change only when it is deployed again. At most one of the two is set; without a deployed tagger
    both are None. ``notes`` are what the user should know, a sentence each.
    """

    index: str
    put: Sequence[Label]
    retired: Sequence[Label]
    tagger: str | None = None
    waiting: str | None = None
    notes: Sequence[str] = ()


def edit_labels(
    client: Client,
    settings: Settings,
    ids: Sequence[str],
    change: ChooseLabels,
    retire: bool = False,
) -> LabelEdit:
    """Put or retire single labels in the label index and in the deployed tagger.

    Args:
        ids: ids of the labels.
        change: given the labels that exist, returns the labels to put or to retire. It raises a
            UserError if the change is not possible.

    Raises:
        UserError: ``change`` raised it, or the label index holds the embeddings of another encoder,
            which do not fit the new ones.
        LmtxError: another command is changing the tagger.
    """
    index = LabelIndex(client, settings.opensearch.knn_engine)
    with exclusive(client, "change of labels"):
        info = index.require()
        there = edits.find(client, info.index, ids)
        labels = change(there)
        live = live_version(client, settings)
        version = live.version if live else None
        puts = [] if retire else labels
        if retire and info.count <= len(labels):
            raise UserError("no label would remain: load others first (`labels load FILE`)")
        if puts and info.encoder_digest is None:  # the index has no labels yet
            encoder = load_encoder(
                settings, max_tokens=settings.encoder.label_tokens, precision="fp32"
            )
            digest = passages_digest(
                encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt
            )
            index.load(puts, lambda some: embed_labels(encoder, some), digest, encoder.dimension)
            return LabelEdit(index.require().index, puts, [])
        vectors = _embedded(settings, version, puts, info.encoder_digest)
        changed = {label.id for label in (*there.values(), *puts)}
        texts = {label.text for label in there.values()}
        texts.update(text for label in puts for text in (label.text, label.name_with_id))
        others = [one for one in sharing(client, texts) if one.id not in changed]
        before = tag_names(client, others)
        # The index goes last. It decides what can be changed, so the command can be repeated.
        retired = [label.id for label in labels] if retire else []
        if version:
            own = vectors
            if puts and passages_of(version, settings) != info.encoder_digest:
                own = embed_labels(label_encoder(version, settings), puts)
            digest = version.manifest.encoder_digest
            write_change(version.folder, digest, puts, own, retired, cluster_time(client))
        if retire:
            edits.delete(client, info.index, retired)
        else:
            edits.put(client, info.index, puts, vectors)
        now = tag_names(client, [*others, *puts])
        called = renamed_tags(before, now, puts, in_use=version is not None)
    return LabelEdit(
        index=info.index,
        put=puts,
        retired=labels if retire else [],
        tagger=live.name if live and version else None,
        waiting=live.name if live and not version else None,
        notes=[
            *called,
            # A tagger that does not have the new names yet goes on with the earlier ones.
            *([] if live and not version else follow_names(client)),
            *(_lacking(settings, version) if version else []),
        ],
    )


@dataclass(frozen=True, slots=True)
class LoadedLabels:
    """What a load of labels did.

    Attributes:
        report: the changes of the label index.
        tagger: the deployed tagger, if it assigns the labels already.
        waiting: the deployed tagger, if it gets the labels only with the next deployment.
        put: how many labels were written to ``tagger``.
        notes: what the user should know about the labels, a sentence each.
        retired: how many labels ``tagger`` no longer assigns.
        embedded: texts of a sample of the labels that were embedded.
    """

    report: LoadReport
    tagger: str | None = None
    waiting: str | None = None
    put: int = 0
    notes: Sequence[str] = ()
    retired: int = 0
    embedded: Sequence[str] = ()


def load_labels(
    client: Client,
    settings: Settings,
    labels: Iterable[Label],
    progress: Progress = SILENT,
    retire: Collection[str] = (),
) -> LoadedLabels:
    """Load labels into the label index (:meth:`LabelIndex.load`) and into the live tagger.

    Args:
        retire: ids of labels to retire, unless ``labels`` contains them.

    Raises:
        UserError: ``LabelIndex.load`` raised it, or the live tagger is not on this machine.
        LmtxError: another command is changing the tagger.
    """
    index = LabelIndex(client, settings.opensearch.knn_engine)
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens, precision="fp32")
    digest = passages_digest(
        encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt
    )
    with exclusive(client, "loading of labels"):
        live = live_version(client, settings)
        same = live and live.version and passages_of(live.version, settings) == digest
        embedded: dict[Label, Vectors] = {}

        seen = TextSample()

        def encode(batch: Sequence[Label]) -> Vectors:
            for label in batch:
                seen.add(label.text)
            vectors = embed_labels(encoder, batch)
            if same:
                embedded.update(zip(batch, vectors, strict=True))
            return vectors

        def known(batch: Sequence[Label]) -> Vectors:
            missing = [label for label in batch if label not in embedded]
            embedded.update(zip(missing, embed_labels(encoder, missing), strict=True))
            rows = [embedded[label] for label in batch]
            return np.stack(rows) if rows else no_vectors(encoder.dimension)

        report = index.load(labels, encode, digest, encoder.dimension, progress, retire)
        loaded = LoadedLabels(report, embedded=seen.texts)
        if live is None:
            return replace(loaded, notes=follow_names(client, progress))
        if live.version is None:
            return replace(loaded, waiting=live.name)
        before = current_names(live.version)
        put, retired = sync_labels(
            live.version,
            settings,
            index,
            index.digests(),
            partial(cluster_time, client),
            known if same else None,
            progress,
        )
        called = renamed_by_load(before, current_names(live.version)) if put or retired else []
    for note in called:
        progress.note(note)
    lacking = _lacking(settings, live.version)
    for note in lacking:
        progress.note(note)
    notes = [*called, *follow_names(client, progress), *lacking]
    return replace(loaded, tagger=live.name, put=put, retired=retired, notes=notes)


def _lacking(settings: Settings, version: TaggerVersion) -> list[str]:
    """Return what to do if the change of labels did not reach a tagger service."""
    lacking = lacks_changes(settings.service, version)
    return [f"{lacking}: {COPY_CHANGES}"] if lacking else []


def _embedded(
    settings: Settings,
    version: TaggerVersion | None,
    labels: Sequence[Label],
    digest: str | None,
) -> Vectors:
    """Embed labels with the encoder of the label index: the tagger's, or that of the settings."""
    if not labels:
        return no_vectors(version.manifest.dimension if version else 0)
    if version is not None and passages_of(version, settings) == digest:
        return embed_labels(label_encoder(version, settings), labels)
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens, precision="fp32")
    if (
        passages_digest(encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt)
        != digest
    ):
        raise UserError(
            "the label index holds embeddings of an encoder that is neither the deployed tagger's "
            "nor the settings': run `lmtx-search labels load FILE`, or deploy"
        )
    return embed_labels(encoder, labels)
