"""Recall@10, time of a search, size, memory and load of the label index, for a large label set.

Uses the cluster of the settings (`lmtx-search up`, `bootstrap-index`). The labels become a version
of the label index of their own, which is deleted at the end; the alias does not move. Exact search
compares every label in memory. If --count is larger than the file, pairs of names are added. The
memory is that of the nodes on this machine after the searches: resident, and of it what is mapped
from files (the vectors of the engine lucene are), and what the k-NN plugin reports (the graphs of
other engines). With --embeddings, the embeddings are kept for the next run:

    python bench/label_index.py labels.jsonl.gz documents.jsonl.gz --data-dir D --embeddings E.npy
"""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from many_labels import many_labels
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
    parser.add_argument("--count", type=int, help="of labels (default: those of the file)")
    parser.add_argument("--searches", type=int, default=500)
    parser.add_argument("--embeddings", type=Path, help="file of the labels' embeddings")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    known = list(LabelFile(arguments.labels))
    labels = known if arguments.count is None else many_labels(known, arguments.count)
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
        size, memory = index.size(version), node_memory(client)
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
        "MiB of memory": memory,
    }
    print(json.dumps(result, indent=1))


def node_memory(client: Any) -> dict[str, float]:
    """Return the memory of all nodes in MiB. What other machines hold is left out and counted."""
    found = {"resident": 0.0, "of it mapped files": 0.0, "k-NN plugin": 0.0}
    elsewhere = 0
    for node in client.nodes.info(metric="process")["nodes"].values():
        status = Path(f"/proc/{node['process']['id']}/status")
        command = status.with_name("cmdline")
        if not command.is_file() or b"opensearch" not in command.read_bytes().lower():
            elsewhere += 1
            continue
        values = dict(line.split(":", 1) for line in status.read_text().splitlines())
        for name, field in (("resident", "VmRSS"), ("of it mapped files", "RssFile")):
            found[name] += int(values[field].split()[0]) / 2**10
    path = "/_plugins/_knn/stats/graph_memory_usage"
    for node in client.transport.perform_request("GET", path)["nodes"].values():
        found["k-NN plugin"] += node["graph_memory_usage"] / 2**10
    found = {name: round(value, 1) for name, value in found.items()}
    return found | ({"nodes on other machines, not counted": elsewhere} if elsewhere else {})


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
