"""Tagging with one, two and three `lmtx-search serve` processes that share the requests.

The clients ask the services directly, with the requests that the cluster's connector sends. They
are divided evenly among the processes, and each sends its next request as soon as the last one is
answered. Each configuration is a number of processes and a number of threads in each. The
configurations take turns, so that other work on the machine slows all of them. Rates are measured
by the clock and by the processor time of the services, which other work affects less. The tagger
versions are those of the data folder, for example the ones that `deploy` and `deploy --static` left
there. The cluster is not needed.

    python bench/tagger_processes.py documents.jsonl --data-dir D
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle, product
from pathlib import Path
from statistics import median
from typing import NamedTuple

from first_documents import first_documents
from load import ask

from lmtx_search.settings import load_settings
from lmtx_search.tagging.service.client import tag_url
from lmtx_search.tagging.versions.store import TaggerVersions

ALL_CORES = 0
PROCESSES, THREADS = (1, 2, 3), (1, ALL_CORES)
# A multiple of each number of processes, so that all of them have the same number of clients.
CLIENTS = 6
_TEXTS = {"transformer": 16, "static": 256}


class Service(NamedTuple):
    url: str
    pid: int


class Measured(NamedTuple):
    """One turn of a configuration: documents, seconds, and processor seconds of the services."""

    documents: int
    seconds: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--seconds", type=float, default=5, help="length of a turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path, required=True, help="with tagger versions")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir})
    texts = [one.text for one in first_documents(settings, arguments.file, 1200)]
    stored = TaggerVersions(settings.data_dir)
    versions = {stored.get(name).manifest.kind: name for name in stored.finished()}
    turns: dict[tuple[str, int, int], list[Measured]] = {}
    with ExitStack() as stack:
        services = {
            threads: [
                stack.enter_context(serving(arguments.data_dir, threads))
                for _ in range(max(PROCESSES))
            ]
            for threads in THREADS
        }
        for kind, version in versions.items():
            for every in services.values():
                turn(every, version, texts, _TEXTS[kind], 1)  # loads the version
        for _ in range(arguments.rounds):
            for (kind, version), threads, count in product(versions.items(), THREADS, PROCESSES):
                used = services[threads][:count]
                measured = turn(used, version, texts, _TEXTS[kind], arguments.seconds)
                turns.setdefault((kind, threads, count), []).append(measured)
    rows = [
        {
            "encoder": kind,
            "threads": threads or "all cores",
            "processes": count,
            "documents/s": round(median(one.documents / one.seconds for one in found), 1),
            "documents/core-second": round(
                sum(one.documents for one in found) / sum(one.processor for one in found), 1
            ),
            "cores used": round(median(one.processor / one.seconds for one in found), 2),
        }
        for (kind, threads, count), found in turns.items()
    ]
    print(json.dumps({"cores": len(os.sched_getaffinity(0)), "configurations": rows}, indent=1))


@contextmanager
def serving(data_dir: Path, threads: int) -> Iterator[Service]:
    """Run a service at a free port."""
    command = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()", "serve"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--json"],
        env=os.environ | {"LMTX_DATA_DIR": str(data_dir), "LMTX_SERVICE_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Service(json.loads(process.stdout.readline())["url"], process.pid)
    finally:
        process.terminate()
        process.wait()


def turn(
    services: Sequence[Service], version: str, texts: Sequence[str], each: int, seconds: float
) -> Measured:
    """Let all clients ask until the time is over, and wait for the last answers."""
    urls = [tag_url(service.url, version) for service in services]
    starts = cycle(range(0, len(texts) - each, each))
    lock = threading.Lock()
    done: list[int] = []
    before, started = processor_seconds(services), time.monotonic()

    def client(url: str) -> None:
        while time.monotonic() < started + seconds:
            with lock:
                start = next(starts)
            done.append(len(ask(url, list(texts[start : start + each]))["response"]))

    clients = [
        threading.Thread(target=client, args=(urls[number % len(urls)],))
        for number in range(CLIENTS)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.monotonic() - started
    return Measured(sum(done), took, processor_seconds(services) - before)


def processor_seconds(services: Sequence[Service]) -> float:
    """Processor time of the services so far."""
    found = 0
    for service in services:
        fields = Path(f"/proc/{service.pid}/stat").read_text().rsplit(")", 1)[1].split()
        found += int(fields[11]) + int(fields[12])
    return found / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
