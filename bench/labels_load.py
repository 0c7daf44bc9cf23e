"""Measures labels loaded per second: embedded and written, only written, and unchanged.

Uses the cluster of the settings. The benchmark creates its own versions of the label index and
deletes them at the end. The alias does not move.

    python bench/labels_load.py labels.jsonl.gz --count 5000
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import EncodeLabels, LabelIndex
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.records import Label, content_digest
from lmtx_search.settings import load_settings
from lmtx_search.sources import LabelFile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    labels = list(islice(LabelFile(arguments.file), arguments.count))
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)

    def embed(batch: Sequence[Label]) -> NDArray[np.float32]:
        return embed_labels(encoder, batch)

    started = time.perf_counter()
    vectors = embed(labels)
    embedding = time.perf_counter() - started
    vectors_of = {label.id: vector for label, vector in zip(labels, vectors, strict=True)}

    def look_up(batch: Sequence[Label]) -> NDArray[np.float32]:
        return np.stack([vectors_of[label.id] for label in batch])

    def written(encode: EncodeLabels, name: str) -> float:
        started = time.perf_counter()
        version = index.write_version(labels, encode, content_digest(name), encoder.dimension)
        seconds = time.perf_counter() - started
        client.indices.delete(index=version)
        return seconds

    writing = written(look_up, "bench: write")
    both = written(embed, "bench: embed and write")
    rates = {
        "embedded_only": len(labels) / embedding,
        "written_only": len(labels) / writing,
        "embedded_and_written": len(labels) / both,
    }
    result = {
        "labels": len(labels),
        "per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "share_of_embedding_alone": round(embedding / both, 3),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
