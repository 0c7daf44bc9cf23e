"""Documents per second of clients that index one document per request, plain and tagged.

Needs a cluster with a deployed tagger, with the real service. Plain and tagged rounds take turns on
the same documents for each number of clients. The benchmark deletes its indices at the end.

    python bench/single.py documents.jsonl --count 512 --clients 1 8 64 --data-dir D
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from first_documents import first_documents

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.setup.indices import prepare_tagged_index, tagging_counts
from lmtx_search.records import Document
from lmtx_search.settings import load_settings

PLAIN, TAGGED = "lmtx-bench-plain", "lmtx-bench-tagged"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--count", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    documents = first_documents(settings, arguments.file, arguments.count)
    result: dict[str, object] = {
        "documents": len(documents),
        "cores": len(os.sched_getaffinity(0)),
    }
    try:
        for clients in arguments.clients:
            seconds: dict[str, list[float]] = {PLAIN: [], TAGGED: []}
            connections = [connect(settings.opensearch) for _ in range(clients)]
            for round_ in range(arguments.rounds + 1):
                client.indices.delete(
                    index=f"{PLAIN},{TAGGED}", params={"ignore_unavailable": "true"}
                )
                client.indices.create(index=PLAIN)
                prepare_tagged_index(client, TAGGED)
                for index, times in seconds.items():
                    started = time.perf_counter()
                    index_singly(connections, documents, index)
                    if round_:  # the first round warms everything up
                        times.append(time.perf_counter() - started)
            client.indices.refresh(index=TAGGED)
            counts = tagging_counts(client, TAGGED)
            assert counts["tagged"] == len(documents), counts
            rates = {index: len(documents) / median(times) for index, times in seconds.items()}
            result[f"{clients} clients"] = {
                "plain, documents/s": round(rates[PLAIN], 1),
                "tagged, documents/s": round(rates[TAGGED], 1),
                "ratio": round(rates[TAGGED] / rates[PLAIN], 3),
            }
    finally:
        client.indices.delete(index=f"{PLAIN},{TAGGED}", params={"ignore_unavailable": "true"})
    print(json.dumps(result, indent=1))


def index_singly(connections: Sequence[Any], documents: Sequence[Document], index: str) -> None:
    """Index the documents, one per request; each connection sends its share, one after another."""

    def send(number: int) -> None:
        for document in documents[number :: len(connections)]:
            connections[number].index(index=index, id=document.id, body=document.source)

    with ThreadPoolExecutor(len(connections)) as pool:
        list(pool.map(send, range(len(connections))))


if __name__ == "__main__":
    main()
