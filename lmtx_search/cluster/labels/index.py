"""The label index: labels and their embeddings, in versions behind one alias."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.documents.bulk import Action, write_all
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.codec import FIELDS, Vectors, label_action, label_of
from lmtx_search.cluster.labels.digests import read_digests
from lmtx_search.cluster.labels.load_plan import LoadPlan, LoadReport
from lmtx_search.cluster.labels.shortlists import (
    Ranking,
    find_nearest,
    find_nearest_and_named,
)
from lmtx_search.cluster.labels.versions import LabelVersions, require_fields
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.words.names import WordCounts

EncodeLabels = Callable[[Sequence[Label]], Vectors]
"""Turns n labels into float32[n, dimension], L2-normalised."""

# Labels that are encoded and written at a time: enough to sort by length, few enough for memory.
_BATCH = 2048


@dataclass(frozen=True, slots=True)
class LabelIndexInfo:
    """A version of the label index.

    ``encoder_digest`` identifies how its labels are embedded
    (``encoder.passages.passages_digest``); None before the first load. ``has_words`` is False for a
    version of an earlier release, whose labels cannot be found by their words.
    """

    index: str
    encoder_digest: str | None
    dimension: int
    count: int
    has_words: bool

    def embeds_as(self, encoder_digest: str) -> bool:
        """Return whether a load with this encoder adds to this version instead of a new one."""
        return self.has_words and (self.encoder_digest == encoder_digest or not self.count)


class LabelIndex:
    """Labels behind the alias ``lmtx-labels``.

    ``engine`` is the k-NN engine of new versions.
    """

    def __init__(self, client: OpenSearch, engine: str = "lucene") -> None:
        self._client = client
        self._versions = LabelVersions(client, engine)

    def current(self) -> LabelIndexInfo | None:
        """Return the version to which the alias points, or None if there is no version yet."""
        index = self._versions.current()
        return self._info(index) if index else None

    def require(self) -> LabelIndexInfo:
        """Return the current version.

        Raises:
            UserError: ``bootstrap-index`` has not run.
        """
        info = self.current()
        if info is None:
            raise UserError(f"no label index {names.LABELS}: run `lmtx-search bootstrap-index`")
        return info

    def labels(self, index: str = names.LABELS) -> Iterator[Label]:
        """Yield the labels in the order of their ids."""
        for hit in scan(self._client, index, fields=FIELDS):
            yield label_of(hit)

    def digests(self, index: str = names.LABELS) -> dict[str, bytes]:
        """Return id → short digest of each label, which is much faster than reading the labels."""
        return read_digests(self._client, index)

    def find(self, ids: Sequence[str]) -> dict[str, Label]:
        """Return those of the labels that exist, by id."""
        return edits.find(self._client, names.LABELS, ids)

    def plan(self, labels: Iterable[Label]) -> LoadPlan:
        """Return what :meth:`load` would do with which labels.

        Raises:
            UserError: as for :meth:`load`.
        """
        return LoadPlan.of(labels, self.digests(self.require().index))

    def load(
        self,
        labels: Iterable[Label],
        encode: EncodeLabels,
        encoder_digest: str,
        dimension: int,
        progress: Progress = SILENT,
        retire: Collection[str] = (),
    ) -> LoadReport:
        """Update the index to the labels: embed and write those whose content is new.

        ``labels`` is read twice (an iterator is first gathered into a list), so that all labels are
        checked before any is written. Labels of the index that are not among ``labels`` are kept,
        except those whose ids are in ``retire``. If the index was made with another encoder or
        dimension, or by a release that wrote no words, a new version with all labels is written.
        The alias is moved to it when it is complete, and the old version stays. After an
        interruption, the same call continues.

        Raises:
            UserError: ``bootstrap-index`` has not run, or ``labels`` is not valid.
        """
        labels = list(labels) if isinstance(labels, Iterator) else labels
        info = self.require()
        plan = self.plan(labels)
        changed = plan.created | plan.updated
        gone = plan.missing.intersection(retire)
        same_form = info.dimension == dimension and info.embeds_as(encoder_digest)
        index = info.index
        if same_form and info.encoder_digest != encoder_digest:
            self._versions.set_meta(index, encoder_digest, "ready")
        if same_form:
            self._write(index, labels, changed, encode, progress)
            edits.delete(self._client, index, sorted(gone))
        else:
            everything = _Merged(labels, plan.missing - gone, self)
            index = self.write_version(everything, encode, encoder_digest, dimension, progress)
            self.switch(index)
        return LoadReport(
            index=index,
            previous=info.index,
            created=len(plan.created),
            updated=len(plan.updated),
            unchanged=len(plan.unchanged),
            kept=len(plan.missing) - len(gone),
            retired=len(gone),
        )

    def write_version(
        self,
        labels: Iterable[Label],
        vectors: Vectors | EncodeLabels,
        encoder_digest: str,
        dimension: int,
        progress: Progress = SILENT,
        owner: str | None = None,
    ) -> str:
        """Write a complete version and return its index; the alias is not moved.

        ``vectors`` is float32[n, dimension] in the order of ``labels``, or a function that makes
        them. If there is an earlier version of the same encoder to which the alias does not point,
        it is updated to these labels, even if an interrupted call left it incomplete. Otherwise, a
        new version is made. With an ``owner``, only that owner uses the version, until it calls
        :meth:`discard`.
        """
        labels = list(labels) if isinstance(labels, Iterator) else labels
        index = self._versions.reusable(encoder_digest, dimension, owner)
        if index is None:
            index = self._versions.create(encoder_digest, dimension, owner)
        else:
            self._versions.set_meta(index, encoder_digest, "writing")
        plan = LoadPlan.of(labels, self.digests(index))
        encode = vectors if callable(vectors) else _lookup(labels, vectors)
        edits.delete(self._client, index, sorted(plan.missing))
        self._write(index, labels, plan.created | plan.updated, encode, progress)
        self._versions.set_meta(index, encoder_digest, "ready")
        return index

    def version_with(
        self, digests: Mapping[str, bytes], encoder_digest: str, dimension: int
    ) -> str | None:
        """Return the version of an encoder that holds exactly these labels (None: there is none).

        It is a complete version without an owner, and not the one to which the alias points.

        Args:
            digests: id → short digest of each label.
        """
        index = self._versions.reusable(encoder_digest, dimension)
        if index is None or not self._versions.is_ready(index):
            return None
        return index if self.digests(index) == digests else None

    def size(self, index: str = names.LABELS) -> int:
        """Return the bytes that a version occupies on disk, without replicas."""
        answer = self._client.indices.stats(index=index, metric="store")
        return int(answer["_all"]["primaries"]["store"]["size_in_bytes"])

    def versions(self) -> frozenset[str]:
        """Return the indices of all versions, complete or not."""
        return self._versions.names()

    def unneeded(self, needed: Collection[str]) -> list[str]:
        """Return versions of encoders other than these, except current and owned ones."""
        return self._versions.unneeded(needed)

    def discard(self, owner: str, but: str | None = None) -> None:
        """Delete the versions that an owner wrote for itself, but one."""
        for index in self._versions.owned(owner):
            if index != but:
                self._versions.remove(index)

    def switch(self, index: str) -> None:
        """Point the alias to a version, in one step; the version before it stays."""
        self._versions.switch(index)

    def remove(self, index: str) -> None:
        """Delete a version; a missing one is not an error.

        Raises:
            LmtxError: the alias points to the version.
        """
        self._versions.remove(index)

    def search(
        self,
        vectors: Vectors,
        k: int,
        words: Sequence[WordCounts] | None = None,
        *,
        index: str = names.LABELS,
    ) -> list[Ranking]:
        """Return for each of float32[n, dimension] its k best labels: (id, cosine), best first.

        Args:
            words: of the document of each vector. Labels are then ranked by nearness and by the
                names that the documents have (``shortlists.py``); without, by nearness alone.

        Raises:
            LmtxError: a search failed, for instance for another dimension than the index has.
        """
        if words is None:
            return find_nearest(self._client, index, vectors, k)
        return find_nearest_and_named(self._client, index, vectors, words, k)

    def _info(self, index: str) -> LabelIndexInfo:
        encoder, dimension = self._versions.encoder_of(index)
        self._client.indices.refresh(index=index)
        count = self._client.count(index=index)["count"]
        return LabelIndexInfo(index, encoder, dimension, count, self._versions.has_words(index))

    def _write(
        self,
        index: str,
        labels: Iterable[Label],
        changed: Collection[str],
        encode: EncodeLabels,
        progress: Progress,
    ) -> None:
        if not changed:
            return
        require_fields(self._client, index)
        rest = (label for label in labels if label.id in changed)
        with progress.stage("Embed and write labels", len(changed), "labels") as advance:
            write_all(self._client, _actions(rest, encode), index, advance)
        self._client.indices.refresh(index=index)


@dataclass(frozen=True, slots=True)
class _Merged:
    """The labels to load, followed by those of the current version that are kept."""

    labels: Iterable[Label]
    kept: Collection[str]
    index: LabelIndex

    def __iter__(self) -> Iterator[Label]:
        yield from self.labels
        yield from (label for label in self.index.labels() if label.id in self.kept)


def _actions(labels: Iterator[Label], encode: EncodeLabels) -> Iterator[Action]:
    while batch := list(islice(labels, _BATCH)):
        for label, vector in zip(batch, encode(batch), strict=True):
            yield label_action(label, vector)


def _lookup(labels: Iterable[Label], vectors: Vectors) -> EncodeLabels:
    rows = {label.id: row for row, label in enumerate(labels)}
    if len(rows) != len(vectors):
        raise ValueError(f"{len(rows)} labels but {len(vectors)} vectors")
    return lambda batch: vectors[[rows[label.id] for label in batch]]
