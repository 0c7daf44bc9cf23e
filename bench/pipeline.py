"""Measures the cost of the pipeline itself: a tagger that does nothing against plain bulk.

The tagger is the service's own code in a separate process, without an encoder: every text gets the
same tag. Plain and tagged rounds take turns. The benchmark needs the servers of `up` and restores
the pipeline at the end. Rates are measured by the clock, and by the processor time of node, service
and sender together, which other work on the machine affects less. A node that has just started
compiles its code for minutes, that of the pipeline longer than that of plain bulk. The first rounds
are therefore reported separately.

    python bench/pipeline.py documents.jsonl --count 5000 --data-dir D
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.ml import connectors
from lmtx_search.cluster.ml.pipeline import put_pipeline, read_pipeline, tagging_pipeline
from lmtx_search.cluster.setup.indices import prepare_tagged_index, tagging_counts
from lmtx_search.encoder.windows import Windows
from lmtx_search.records import Document, Tag
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents
from lmtx_search.tagging.scoring.tagger import Decision
from lmtx_search.tagging.service.app import create_app
from lmtx_search.tagging.service.batching import Batcher
from lmtx_search.tagging.service.client import tag_url
from lmtx_search.tagging.service.server import listen, serve

PLAIN, TAGGED = "lmtx-bench-plain", "lmtx-bench-tagged"
# A node's statistics are up to a second old.
_STATISTICS_ARE_KEPT = 1.2
VERSION = "nothing"


class Nothing:
    manifest = SimpleNamespace(windows=Windows())

    def weights(self, decision: Decision) -> dict[str, float]:
        return {tag.name: tag.score for tag in decision.applied}

    def decide(self, texts: Sequence[str]) -> list[Decision]:
        return [Decision([Tag("nothing", "nothing", 0.5)], []) for _ in texts]


class Pool:
    """Stands in for the versions in memory."""

    def __init__(self) -> None:
        self.versions: Any = self
        self.batcher = Batcher(Nothing())  # type: ignore[arg-type]

    def names(self) -> list[str]:
        return [VERSION]

    def loaded(self) -> list[str]:
        return [VERSION]

    def get(self, name: str) -> Batcher:
        return self.batcher

    def close(self) -> None:
        self.batcher.close()


def run_service(listener: socket.socket) -> None:
    serve(create_app(Pool()), listener, lambda: None)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--warm-up", type=int, default=30, help="rounds to warm up")
    parser.add_argument("--threads", type=int, help="bulk requests in flight")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    read = read_documents(arguments.file, "id", settings.documents.text_fields)
    whole = [document for document in read if isinstance(document, Document)]
    documents = [
        Document(f"{document.id}-{number}", document.text, document.source)
        for number in range(-(-arguments.count // len(whole)))
        for document in whole
    ]
    documents = list(islice(documents, arguments.count))
    listener = listen("127.0.0.1", 0)
    service = multiprocessing.get_context("fork").Process(target=run_service, args=(listener,))
    service.start()
    before = read_pipeline(client).body
    url = tag_url(f"http://127.0.0.1:{listener.getsockname()[1]}", VERSION)
    remote = connectors.register(client, VERSION, url)
    seconds: dict[str, list[float]] = {PLAIN: [], TAGGED: []}
    processor: dict[str, list[float]] = {PLAIN: [], TAGGED: []}
    try:
        put_pipeline(
            client, tagging_pipeline(VERSION, remote.model, settings.documents.text_fields)
        )
        for _ in range(arguments.warm_up + arguments.rounds):
            client.indices.delete(index=f"{PLAIN},{TAGGED}", params={"ignore_unavailable": "true"})
            client.indices.create(index=PLAIN)
            prepare_tagged_index(client, TAGGED)
            for index, times in seconds.items():
                before_it = processor_seconds(client, service.pid)
                started = time.perf_counter()
                report = load_documents(client, documents, index, threads=arguments.threads)
                assert report.indexed == len(documents), report
                times.append(time.perf_counter() - started)
                processor[index].append(processor_seconds(client, service.pid) - before_it)
        counts = tagging_counts(client, TAGGED)
        assert counts["tagged"] == len(documents), counts
    finally:
        put_pipeline(client, before)
        connectors.remove(client, remote)
        client.indices.delete(index=f"{PLAIN},{TAGGED}", params={"ignore_unavailable": "true"})
        service.terminate()
        service.join()
    warm = slice(arguments.warm_up, None)
    rates = {index: len(documents) / median(times[warm]) for index, times in seconds.items()}
    used = {index: median(times[warm]) for index, times in processor.items()}
    ratios = [plain / tagged for plain, tagged in zip(seconds[PLAIN], seconds[TAGGED], strict=True)]
    result = {
        "documents": len(documents),
        "cores": len(os.sched_getaffinity(0)),
        "plain bulk, documents/s": round(rates[PLAIN], 1),
        "a tagger that does nothing, documents/s": round(rates[TAGGED], 1),
        "ratio": round(rates[TAGGED] / rates[PLAIN], 3),
        "ratio, each ten rounds from the first": [
            round(median(ratios[start : start + 10]), 3) for start in range(0, len(ratios), 10)
        ],
        "processor time, microseconds a document": {
            "plain": round(1e6 * used[PLAIN] / len(documents)),
            "a tagger that does nothing": round(1e6 * used[TAGGED] / len(documents)),
            "ratio": round(used[PLAIN] / used[TAGGED], 3),
        },
        "statuses": counts,
    }
    print(json.dumps(result, indent=1))


def processor_seconds(client: Any, service: int | None) -> float:
    """Processor time of the nodes, the service and this process so far."""
    time.sleep(_STATISTICS_ARE_KEPT)
    nodes = client.nodes.stats(metric="process")["nodes"].values()
    of_nodes = sum(node["process"]["cpu"]["total_in_millis"] for node in nodes) / 1000
    stat = Path(f"/proc/{service}/stat").read_text().rsplit(")", 1)[1].split()
    of_service = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    return float(of_nodes + of_service + time.process_time())


if __name__ == "__main__":
    main()
