"""Compares the tags and the speed of the two runtimes of a tagger.

Deploys one encoder in both runtimes and indexes the same documents through each. The pipeline then
tags with the last one. Needs the servers of `up`, labels, and `lmtx-search[in-cluster]`.

    python bench/runtimes.py documents.jsonl --count 1000 --precision fp32 --data-dir D
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from first_documents import first_documents

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.settings import load_settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.tagging.deployment.options import DeployOptions

INDEX = "lmtx-bench-runtime"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--precision", choices=["int8", "fp32"], default="fp32")
    parser.add_argument("--threshold", type=float, default=0.3)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    documents = first_documents(settings, arguments.file, arguments.count)
    scores: dict[str, dict[str, dict[str, float]]] = {}
    result: dict[str, Any] = {
        "documents": len(documents),
        "precision": arguments.precision,
        "threshold": arguments.threshold,
        "cores": len(os.sched_getaffinity(0)),
    }
    for runtime in ("service", "in-cluster"):
        options = DeployOptions(arguments.precision, arguments.threshold, runtime=runtime)
        done = deploy(client, settings, untrained_source(settings), options)
        client.indices.delete(index=INDEX, params={"ignore_unavailable": "true"})
        prepare_tagged_index(client, INDEX)
        load_documents(client, documents[:64], INDEX)  # warms the model up
        started = time.perf_counter()
        report = load_documents(client, documents, INDEX)
        seconds = time.perf_counter() - started
        assert report.indexed == len(documents), report
        client.indices.refresh(index=INDEX)
        hits = scan(client, INDEX, fields=("tag_scores",))
        scores[runtime] = {hit["_id"]: scores_of(hit["_source"].get("tag_scores")) for hit in hits}
        result[runtime] = {
            "documents_per_second": round(len(documents) / seconds, 1),
            "deploy_seconds": done.seconds,
        }
        result["labels"] = done.labels
    client.indices.delete(index=INDEX)
    print(json.dumps({**result, **compare(scores["service"], scores["in-cluster"])}, indent=1))


def compare(
    service: dict[str, dict[str, float]], cluster: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """Number of documents with the same tags, and differences between scores of the same tag."""
    assert service.keys() == cluster.keys()
    same = sum(service[id_].keys() == cluster[id_].keys() for id_ in service)
    first = sum(next(iter(service[id_]), None) == next(iter(cluster[id_]), None) for id_ in service)
    differences = sorted(
        abs(score - cluster[id_][tag])
        for id_, tags in service.items()
        for tag, score in tags.items()
        if tag in cluster[id_]
    )
    both = len(differences)
    every = sum(map(len, service.values())) + sum(map(len, cluster.values())) - both
    return {
        "documents with the same tags": round(same / len(service), 4),
        "documents with the same first tag": round(first / len(service), 4),
        "tags assigned by both": round(both / every, 4),
        "score difference": {
            "median": round(differences[both // 2], 4),
            "99th percentile": round(differences[both * 99 // 100], 4),
            "largest": round(differences[-1], 4),
        },
    }


if __name__ == "__main__":
    main()
