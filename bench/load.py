"""Tests the tagger service under bulk and single requests at the same time, and its memory.

Four clients send 256 texts per request, and four send single texts, to a running service
(`lmtx-search serve`). Each sends its next request as soon as the last one is answered, so that an
hour of ordinary traffic takes minutes. Memory is read from /metrics every second. The first tenth
of the time, in which caches fill, does not count for its growth.

    python bench/load.py documents.jsonl --seconds 300 --data-dir D
"""

from __future__ import annotations

import argparse
import json
import threading
import time
import urllib.request
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents
from lmtx_search.tagging.service.client import service_url, tag_url
from lmtx_search.tagging.versions.store import TaggerVersions

_SENDERS = {"bulk": (4, 256), "single": (4, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir})
    service = service_url(settings.service)
    version = TaggerVersions(settings.data_dir).latest()
    assert version is not None
    url = tag_url(service, version.manifest.version)
    read = read_documents(arguments.file, "id", settings.documents.text_fields)
    texts = [x.text for x in islice((x for x in read if isinstance(x, Document)), 2000)]
    ask(url, texts[:256])
    seconds: dict[str, list[float]] = {name: [] for name in _SENDERS}
    errors: list[str] = []
    memory: list[float] = []
    until = time.monotonic() + arguments.seconds

    def send(name: str, size: int, start: int) -> None:
        endless = islice(cycle(texts), start, None)
        while time.monotonic() < until:
            batch, started = list(islice(endless, size)), time.monotonic()
            try:
                answer = ask(url, batch)
                if len(answer["response"]) != size:
                    errors.append(f"{len(answer['response'])} answers to {size} texts")
            except Exception as error:
                errors.append(repr(error))
            seconds[name].append(time.monotonic() - started)

    threads = [
        threading.Thread(target=send, args=(name, size, 97 * number))
        for name, (count, size) in _SENDERS.items()
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        memory.append(resident(service))
        time.sleep(1)
    for thread in threads:
        thread.join()
    warm = memory[len(memory) // 10 :]
    half = len(warm) // 2
    texts_answered = sum(len(seconds[name]) * size for name, (_, size) in _SENDERS.items())
    result = {
        "seconds": arguments.seconds,
        "texts": texts_answered,
        "of an hour, texts/s": round(texts_answered / 3600, 1),
        "labels": version.manifest.labels,
        "requests": {name: len(times) for name, times in seconds.items()},
        "texts_per_second": round(texts_answered / arguments.seconds, 1),
        "errors": len(errors),
        "first_errors": errors[:3],
        "seconds_to_answer": {
            name: {"median": round(cuts[49], 3), "99%": round(cuts[98], 3)}
            for name, times in seconds.items()
            for cuts in [quantiles(times, n=100)]
        },
        "resident_MiB": {
            "at the start": round(memory[0] / 2**20),
            "first half, most": round(max(warm[:half]) / 2**20),
            "second half, most": round(max(warm[half:]) / 2**20),
            "growth from the first half's median to the second's": round(
                (median(warm[half:]) - median(warm[:half])) / 2**20, 1
            ),
        },
    }
    print(json.dumps(result, indent=1))


def ask(url: str, texts: list[str]) -> dict[str, list[dict[str, float]]]:
    body = json.dumps({"input": texts}).encode()
    with urllib.request.urlopen(url, body, timeout=120) as answer:
        found: dict[str, list[dict[str, float]]] = json.load(answer)
        return found


def resident(service: str) -> float:
    with urllib.request.urlopen(f"{service}/metrics", timeout=60) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("process_resident_memory_bytes "):
                return float(line.split()[1])
    raise SystemExit("the service does not report its memory")


if __name__ == "__main__":
    main()
