"""Recall@10, time of a search, size and load of the label index, for a large label set.

Uses the cluster of the settings (`lmtx-search up`, `bootstrap-index`). The labels become a version
of the label index of their own, which is deleted at the end; the alias does not move. Exact search
compares every label in memory. With --embeddings, the embeddings are kept for the next run:

    python bench/label_index.py labels.jsonl.gz documents.jsonl.gz --data-dir D --embeddings E.npy
"""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.records import Document, Label, content_digest
from lmtx_search.settings import Settings, load_settings
from lmtx_search.sources import LabelFile, read_documents

K = 10
OWNER = "lmtx-bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path, help="JSONL")
    parser.add_argument("documents", type=Path, help="whose shortlists are searched, JSONL")
    parser.add_argument("--count", type=int, default=10**9, help="of labels")
    parser.add_argument("--searches", type=int, default=500)
    parser.add_argument("--embeddings", type=Path, help="file of the labels' embeddings")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    labels = list(islice(LabelFile(arguments.labels), arguments.count))
    vectors = _embedded(settings, labels, arguments.embeddings)
    read = read_documents(arguments.documents, "id", settings.documents.text_fields)
    whole = (document.text for document in read if isinstance(document, Document))
    encoder = load_encoder(settings, max_tokens=settings.encoder.document_tokens)
    queries = encoder.encode(list(islice(whole, arguments.searches)))

    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    try:
        started = time.perf_counter()
        digest = content_digest(encoder.digest, "bench: label index")
        version = index.write_version(labels, vectors, digest, encoder.dimension, owner=OWNER)
        loading = time.perf_counter() - started
        index.search(queries[:50], K, index=version)  # the first searches read the index from disk
        found, seconds = [], []
        for query in queries:
            started = time.perf_counter()
            (ranking,) = index.search(query[None], K, index=version)
            seconds.append(time.perf_counter() - started)
            found.append({id_ for id_, _ in ranking})
        size = index.size(version)
    finally:
        index.discard(OWNER)
    shares = []
    for query, ids in zip(queries, found, strict=True):
        nearest = np.argpartition(-(vectors @ query), K)[:K]
        shares.append(len(ids.intersection(labels[row].id for row in nearest)) / K)
    p50, p95 = (1000 * float(np.percentile(seconds, share)) for share in (50, 95))
    result = {
        "labels": len(labels),
        "searches": len(queries),
        "cores": len(os.sched_getaffinity(0)),
        "recall@10 of exact search": round(float(np.mean(shares)), 4),
        "milliseconds of a search": {"p50": round(p50, 1), "p95": round(p95, 1)},
        "seconds to write the labels": round(loading, 1),
        "MiB on disk": round(size / 2**20, 1),
    }
    print(json.dumps(result, indent=1))


def _embedded(settings: Settings, labels: list[Label], file: Path | None) -> NDArray[np.float32]:
    """Return float32[labels, dimension], from the file if it has as many rows."""
    if file is not None and file.is_file():
        known: NDArray[np.float32] = np.load(file, allow_pickle=False)
        if len(known) >= len(labels):
            return known[: len(labels)]
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    vectors = embed_labels(encoder, labels)
    if file is not None:
        np.save(file, vectors, allow_pickle=False)
    return vectors


if __name__ == "__main__":
    main()
