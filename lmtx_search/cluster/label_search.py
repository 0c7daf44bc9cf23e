"""The label index as a tagger asks it, whose labels are too many to compare all of them."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.errors import translate
from lmtx_search.cluster.label_versions import LabelVersions
from lmtx_search.cluster.labels import LabelIndex, Ranking
from lmtx_search.errors import LmtxError


class IndexSearch:
    """Searches the version of the label index that an encoder's labels are in."""

    def __init__(self, client: OpenSearch, engine: str) -> None:
        self._index = LabelIndex(client, engine)
        self._versions = LabelVersions(client, engine)
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, encoder_digest: str, vectors: NDArray[np.float32], k: int) -> list[Ranking]:
        """Return for each of float32[n, dimension] its k nearest labels: (id, cosine).

        Raises:
            LmtxError: no version has this encoder's labels, or the cluster does not answer.
        """
        try:
            return self._index.search(vectors, k, self._name(encoder_digest))
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
