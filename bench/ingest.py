"""Compares bulk ingest through the tagging pipeline with plain bulk and with the encoder alone.

Needs a cluster with a deployed tagger (`up`, `bootstrap-index`, `labels load`, `deploy`), with
the real service. The three take turns on the same documents, so that other work on the machine
slows all of them. The benchmark deletes its indices at the end.

    python bench/ingest.py documents.jsonl --count 1000
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from first_documents import first_documents

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.ml.pipeline import active
from lmtx_search.cluster.setup.indices import prepare_tagged_index, tagging_counts
from lmtx_search.settings import load_settings
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions

PLAIN, TAGGED = "lmtx-bench-plain", "lmtx-bench-tagged"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="bulk requests in flight")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    version = active(client)
    if version is None:
        raise SystemExit("no tagger is deployed: run `lmtx-search deploy --untrained` first")
    tagger = Tagger(TaggerVersions(settings.data_dir).get(version), settings.service.threads)
    documents = first_documents(settings, arguments.file, arguments.count)
    texts = [document.text for document in documents]

    def bulk(index: str) -> None:
        report = load_documents(client, documents, index, threads=arguments.threads)
        assert report.indexed == len(documents), report

    def alone() -> None:
        for start in range(0, len(texts), 128):
            tagger.tag(texts[start : start + 128])

    runs: dict[str, Callable[[], None]] = {
        "plain bulk": lambda: bulk(PLAIN),
        "bulk through the pipeline": lambda: bulk(TAGGED),
        "tagger alone": alone,
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(arguments.rounds + 1):
        client.indices.delete(index=f"{PLAIN},{TAGGED}", params={"ignore_unavailable": "true"})
        client.indices.create(index=PLAIN)
        prepare_tagged_index(client, TAGGED)
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if number:  # the first round warms everything up
                seconds[name].append(time.perf_counter() - started)
    counts = tagging_counts(client, TAGGED)
    client.indices.delete(index=f"{PLAIN},{TAGGED}")
    rates = {name: len(documents) / median(times) for name, times in seconds.items()}
    through = rates["bulk through the pipeline"]
    result = {
        "documents": len(documents),
        "labels": tagger.manifest.labels,
        "precision": tagger.manifest.precision,
        "cores": len(os.sched_getaffinity(0)),
        "documents_per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "pipeline / tagger alone": round(through / rates["tagger alone"], 3),
        "pipeline / plain bulk": round(through / rates["plain bulk"], 3),
        "statuses": counts,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
