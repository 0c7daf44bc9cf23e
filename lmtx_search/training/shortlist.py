"""Shortlists: the best labels for each document, by nearness alone or by names too."""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.form import OnnxForm
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.windows import WindowEncoder
from lmtx_search.judges.base import Pair
from lmtx_search.records import Document, Label
from lmtx_search.training.named_labels import NamedLabels, fuse
from lmtx_search.words.names import WordCounts

Ranking = list[tuple[str, float]]
Embeddings = MutableMapping[str, NDArray[np.float32]]
"""float32[dimension] by document id."""
CountWords = Callable[[str], WordCounts]
"""Counts the words of a text."""

# How many labels of each ranking are fused, as in the label index.
_CANDIDATES = 128


class Encoder(WindowEncoder, Protocol):
    """Turns texts into float32[n, dimension], L2-normalised."""

    digest: str
    dimension: int

    @property
    def form(self) -> OnnxForm:
        """How it reads texts."""
        ...

    def encode(
        self, texts: Sequence[str], *, on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Embed documents."""
        ...

    def encode_labels(
        self, texts: Sequence[str], *, on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Embed the texts of labels."""
        ...

    def beginnings(self, texts: Sequence[str]) -> list[str]:
        """Return the part of each text that it reads."""
        ...


class Search(Protocol):
    """Finds the best labels of float32[n, dimension]: (id, cosine), best first."""

    def __call__(
        self, vectors: NDArray[np.float32], k: int, words: Sequence[WordCounts] | None = None, /
    ) -> list[Ranking]:
        """Return a ranking for each vector.

        Args:
            words: of the document of each vector. Labels are then ranked by nearness and by the
                names that the document has; without, by nearness alone.
        """
        ...


class Shortlister:
    """Makes shortlists for documents in chunks, only as they are needed.

    Args:
        size: number of labels in a shortlist.
        center: transforms the embeddings of documents before the search.
        known: embeddings by document id. These documents are not embedded again.
        words: counts the words of a text, so that names count too; None: nearness alone.

    Attributes:
        rankings: the shortlists so far, by document id.
        seconds: time spent.
    """

    CHUNK = 64

    def __init__(
        self,
        encoder: Encoder,
        search: Search,
        size: int,
        center: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda vectors: vectors,
        known: Embeddings | None = None,
        words: CountWords | None = None,
    ) -> None:
        self._encoder = encoder
        self._search = search
        self._size = size
        self._center = center
        self._known = {} if known is None else known
        self._words = words
        self.rankings: dict[str, Ranking] = {}
        self.seconds = 0.0

    def shortlists(self, documents: Iterable[Document]) -> Iterator[tuple[Document, Ranking]]:
        """Yield each document with its shortlist."""
        rest = iter(documents)
        while chunk := list(islice(rest, self.CHUNK)):
            started = time.monotonic()
            vectors = self._center(self._embed(chunk))
            words = [self._words(document.text) for document in chunk] if self._words else None
            rankings = self._search(vectors, self._size, words)
            self.rankings.update(
                (document.id, ranking) for document, ranking in zip(chunk, rankings, strict=True)
            )
            self.seconds += time.monotonic() - started
            yield from zip(chunk, rankings, strict=True)

    def pairs(
        self, documents: Iterable[Document], labels: Mapping[str, Label], most: int
    ) -> Iterator[list[Pair]]:
        """Yield each document's pairs with the first ``most`` labels of its shortlist."""
        for document, ranking in self.shortlists(documents):
            yield pairs(document, ranking, labels, most)

    def _embed(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        # Others are not kept: a collection may be large.
        return embed_once(self._encoder, documents, ChainMap({}, self._known))


def embed_once(
    encoder: Encoder,
    documents: Sequence[Document],
    known: Embeddings,
    on_batch: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Embed documents, but none twice: float32[n, dimension].

    Args:
        known: embeddings by document id; those of other documents are added.
        on_batch: called with the number of documents that were embedded.
    """
    new = [document for document in documents if document.id not in known]
    if new:
        vectors = encoder.encode([document.text for document in new], on_batch=on_batch)
        known.update(zip((document.id for document in new), vectors, strict=True))
    return np.stack([known[document.id] for document in documents])


# How many more labels are searched at most, so that others take the places of those left out.
_MORE = 1000


def without(search: Search, ids: Collection[str]) -> Search:
    """Return a search that leaves out the labels with these ids."""

    def others(
        vectors: NDArray[np.float32], k: int, words: Sequence[WordCounts] | None = None, /
    ) -> list[Ranking]:
        rankings = search(vectors, k + min(len(ids), _MORE), words)
        return [[one for one in ranking if one[0] not in ids][:k] for ranking in rankings]

    return others


def search_in(labels: NDArray[np.float32], known: Sequence[Label]) -> Search:
    """Return an exact search in memory.

    Args:
        labels: float32[labels, dimension], the embeddings of ``known``.
    """
    rows = range(len(known))
    names: list[NamedLabels] = []

    def search(
        vectors: NDArray[np.float32], k: int, words: Sequence[WordCounts] | None = None, /
    ) -> list[Ranking]:
        near = nearest(vectors, labels, rows, k if words is None else max(k, _CANDIDATES))
        if words is None:
            return [[(known[row].id, cosine) for row, cosine in ranking] for ranking in near]
        if not names:
            names.append(NamedLabels(known))
        rankings: list[Ranking] = []
        for vector, ranking, counts in zip(vectors, near, words, strict=True):
            named = names[0].find(counts)[: max(k, _CANDIDATES)]
            fused = fuse([[row for row, _ in ranking], [row for row, _ in named]])
            cosines = {row: float(vector @ labels[row]) for row in fused}
            best = sorted(fused, key=lambda row: (-fused[row], -cosines[row], row))[:k]
            rankings.append([(known[row].id, cosines[row]) for row in best])
        return rankings

    return search


def pairs(
    document: Document, ranking: Ranking, labels: Mapping[str, Label], most: int
) -> list[Pair]:
    """Return the pairs of a document with the first labels of its shortlist.

    Labels of the index that are no longer in the label set are skipped.
    """
    known = [(labels[id_], score) for id_, score in ranking if id_ in labels]
    mean = sum(score for _, score in known) / max(1, len(known))
    return [
        Pair(document, label, rank, score - mean)
        for rank, (label, score) in enumerate(known[:most])
    ]
