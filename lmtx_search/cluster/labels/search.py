"""Searches the label index: by embedding, for taggers with many labels, and by typed words."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.labels.codec import label_of
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.labels.shortlists import Ranking
from lmtx_search.cluster.labels.versions import LabelVersions
from lmtx_search.errors import LmtxError
from lmtx_search.index_templates import load
from lmtx_search.records import Label


class IndexSearch:
    """Searches the version of the label index that holds an encoder's labels."""

    def __init__(self, client: OpenSearch, engine: str) -> None:
        self._index = LabelIndex(client, engine)
        self._versions = LabelVersions(client, engine)
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, encoder_digest: str, vectors: NDArray[np.float32], k: int) -> list[Ranking]:
        """Return the k nearest labels (id, cosine) for each row of float32[n, dimension].

        Raises:
            LmtxError: no version has this encoder's labels, or the cluster does not answer.
        """
        try:
            return self._index.search(vectors, k, index=self._name(encoder_digest))
        except TransportError as error:
            self._names.clear()
            raise translate(error) or error from error

    def _name(self, encoder_digest: str) -> str:
        with self._lock:
            if encoder_digest not in self._names:
                name = self._versions.of_encoder(encoder_digest)
                if name is None:
                    raise LmtxError(
                        "no version of the label index has the labels of this tagger's encoder: "
                        "run `lmtx-search deploy` again"
                    )
                self._names[encoder_digest] = name
            return self._names[encoder_digest]


def labels_with(client: OpenSearch, words: str, size: int = 10) -> list[Label]:
    """Return labels whose text or synonyms contain these words; the last one may be incomplete."""
    if not words.strip():
        return []
    body = load("searches/label_words", words=words.strip(), size=size)
    hits = client.search(index=names.LABELS, body=body)["hits"]["hits"]
    return [label_of(hit) for hit in hits]
