"""Soak test: ingest, searches, deployments and label changes at the same time, with memory use.

Needs the servers of `up`, labels and a deployed tagger. Documents are written repeatedly under the
same ids, so that growth means a leak. In the meantime, the commands of the product ask for facets,
add, rename and retire a label, and every few minutes deploy the tagger again and prune old
versions. At the end, each document is compared with the last one that was sent under its id. Memory
is the resident set of each process; its slope is fitted to the second half of the time.

    python bench/soak.py documents.jsonl --minutes 30 --data-dir D
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.facets.counts import facets
from lmtx_search.cluster.setup.indices import prepare_tagged_index, tagging_counts
from lmtx_search.embedded.state import read_state
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents
from lmtx_search.tag_fields import DEFAULT_FIELDS

INDEX = "lmtx-bench-soak"
_BULK = 50
_OLD = "opensearch, old objects"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=25, help="documents per second")
    parser.add_argument("--count", type=int, default=2000, help="number of different documents")
    parser.add_argument("--data-dir", type=Path, required=True, help="of `lmtx-search up`")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    read = read_documents(arguments.file, "id", settings.documents.text_fields)
    whole = list(islice((x for x in read if isinstance(x, Document)), arguments.count))
    prepare_tagged_index(client, INDEX)
    processes = {
        name: process.pid for name, process in read_state(settings.data_dir).processes.items()
    }
    processes["this client"] = os.getpid()
    until = time.monotonic() + 60 * arguments.minutes
    done: Counter[str] = Counter()
    errors: list[str] = []
    sent: dict[str, str] = {}

    def repeat(name: str, pause: float, work: Callable[[int], None]) -> threading.Thread:
        def run() -> None:
            while time.monotonic() < until:
                started = time.monotonic()
                try:
                    work(done[name])
                except Exception as error:
                    errors.append(f"{name}: {error!r}"[:500])
                done[name] += 1
                time.sleep(max(0.0, min(started + pause, until) - time.monotonic()))

        thread = threading.Thread(target=run, name=name)
        thread.start()
        return thread

    endless = cycle(whole)

    def ingest(number: int) -> None:
        documents = [
            Document(x.id, x.text, {**x.source, "round": number}) for x in islice(endless, _BULK)
        ]
        report = load_documents(client, documents, INDEX)
        if report.indexed != len(documents):
            errors.append(f"ingest: {report}"[:500])
        sent.update((x.id, digest(x.source)) for x in documents)

    def labels(number: int) -> None:
        words = [
            ("add", "soak", "a label that is added and retired"),
            ("rename", "soak", "another name"),
        ]
        command(arguments.data_dir, "labels", *[*words, ("retire", "soak", "--yes")][number % 3])

    def switch(_: int) -> None:
        command(arguments.data_dir, "deploy", "--untrained")
        command(arguments.data_dir, "taggers", "prune", "--yes")

    threads = [
        repeat("bulk requests", _BULK / arguments.rate, ingest),
        repeat("facets", 1, lambda _: search(client)),
        repeat("label changes", 20, labels),
        repeat("deployments", 120, switch),
    ]
    started, memory = time.monotonic(), []
    while time.monotonic() < until:
        now = {name: resident(process) for name, process in processes.items()}
        memory.append((time.monotonic() - started, {**now, _OLD: old_generation(client)}))
        time.sleep(2)
    for thread in threads:
        thread.join()
    client.indices.refresh(index=INDEX)
    there = {
        hit["_id"]: digest({k: v for k, v in hit["_source"].items() if k not in _WRITTEN})
        for hit in scan(client, INDEX)
    }
    result = {
        "minutes": arguments.minutes,
        "cores": len(os.sched_getaffinity(0)),
        "done": dict(done),
        "documents written": _BULK * done["bulk requests"],
        "errors": len(errors),
        "first errors": errors[:5],
        "ids sent": len(sent),
        "ids lost": len(sent.keys() - there.keys()),
        "unknown ids": len(there.keys() - sent.keys()),
        "different from the last version sent": sum(
            there[name] != value for name, value in sent.items() if name in there
        ),
        "statuses": tagging_counts(client, INDEX),
        "memory": {name: slope(memory, name) for name in [*processes, _OLD]},
    }
    client.indices.delete(index=INDEX)
    print(json.dumps(result, indent=1))


_WRITTEN = DEFAULT_FIELDS.written


def digest(source: Any) -> str:
    return hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()


def search(client: Any) -> None:
    facets(client, INDEX, size=15)


# Two commands that change the tagger at the same time: one would be refused, rightly.
_ONE_AT_A_TIME = threading.Lock()


def command(data_dir: Path, *words: str) -> None:
    program = "from lmtx_search.cli.main import main; main()"
    call = [sys.executable, "-c", program, "--data-dir", str(data_dir), *words]
    with _ONE_AT_A_TIME:
        ended = subprocess.run(call, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(words)}: {ended.stderr[-300:]}")


def resident(process: int) -> float:
    """MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def old_generation(client: Any) -> float:
    """MiB of old objects, including garbage that is not collected yet."""
    (node,) = client.nodes.stats(metric="jvm")["nodes"].values()
    return float(node["jvm"]["mem"]["pools"]["old"]["used_in_bytes"]) / 2**20


def slope(memory: list[tuple[float, dict[str, float]]], name: str) -> dict[str, float]:
    second = memory[len(memory) // 2 :]
    hours = np.array([at for at, _ in second]) / 3600
    values = np.array([found[name] for _, found in second])
    return {
        "MiB at the start": round(memory[0][1][name], 1),
        "MiB in the middle": round(second[0][1][name], 1),
        "MiB at the end": round(second[-1][1][name], 1),
        "slope of the second half, MiB per hour": round(float(np.polyfit(hours, values, 1)[0]), 1),
    }


if __name__ == "__main__":
    main()
