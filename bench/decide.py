"""Measures the page "Decide": its queue, its decisions, and finding a label while typing.

Uses the cluster of the settings, which must be empty: `lmtx-search bootstrap-index` has run, and no
labels are loaded. The labels are real; their embeddings are random, because typing does not use
them. Suggestions are drawn: a few labels are frequent, most are rare.

    python bench/decide.py labels.jsonl --labels 100000 --documents 10000
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.bulk import Action, write_all
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.indices import prepare_training_index
from lmtx_search.records import Label
from lmtx_search.settings import load_settings
from lmtx_search.sources.labels import LabelFile
from lmtx_search.ui.app import create_app

INDEX = "bench-decide"
DIMENSION = 8
SUGGESTIONS = 5
WORDS = 300
"""Words in a document, so that reading it costs what it costs with real ones."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="labels")
    parser.add_argument("--labels", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    draw = random.Random(arguments.seed)
    labels = list(islice(LabelFile(arguments.file), arguments.labels))
    LabelIndex(client).load(labels, _vectors, "bench: decide", DIMENSION)
    prepare_training_index(client, INDEX)
    write_all(client, _documents(draw, labels, arguments.documents), INDEX)
    client.indices.refresh(index=INDEX)
    page = TestClient(create_app(settings, INDEX), base_url="http://127.0.0.1")

    def queue(label: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = page.post("/api/queue", json={"label": label}).json()["found"]
        return found

    def decide(documents: Sequence[dict[str, Any]], tag: str) -> None:
        body = {"tag": tag, "decision": "accept", "documents": documents}
        told = page.post("/api/decisions", json=body).json()
        assert not any(one["problem"] for one in told["results"]), told

    measured = {"queue": _timed(arguments.rounds, queue)}
    frequent = page.post("/api/queue", json={}).json()["labels"][0]["tag"]
    measured["queue of one label"] = _timed(arguments.rounds, lambda: queue(frequent))
    single = iter(queue())
    measured["one decision"] = _timed(
        15, lambda: decide([one := next(single)], one["open"][0]["tag"])
    )
    measured["decision on 40 documents"] = _timed(3, lambda: decide(queue(frequent), frequent))
    measured["undo of 40 documents"] = _timed(1, lambda: page.post("/api/decisions/undo", json={}))
    typed = iter(_typed(draw, labels, 300))
    measured["labels while typing"] = _timed(
        300, lambda: page.get("/api/labels", params={"q": next(typed)})
    )
    client.indices.delete(index=INDEX)
    print(
        json.dumps(
            {
                "labels": len(labels),
                "documents": arguments.documents,
                "cores": len(os.sched_getaffinity(0)),
                "milliseconds": measured,
            },
            indent=2,
        )
    )


def _vectors(labels: Sequence[Label]) -> Any:
    rows = np.random.default_rng(len(labels)).normal(size=(len(labels), DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _documents(draw: random.Random, labels: Sequence[Label], count: int) -> Iterator[Action]:
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(labels))))
    words = [label.text.split()[0] for label in labels[:5000]]
    for n in range(count):
        names = dict.fromkeys(
            label.text for label in draw.choices(labels, cum_weights=weights, k=2 * SUGGESTIONS)
        )
        entries = [
            {"tag": name, "score": 0.5, "probability": round(draw.random(), 3)} for name in names
        ]
        suggested, tags = entries[:SUGGESTIONS], entries[SUGGESTIONS:]
        source = {
            "title": f"Document {n}",
            "text": " ".join(draw.choices(words, k=WORDS)),
            "tags": [one["tag"] for one in tags],
            "tag_scores": tags,
            "tags_suggested": [one["tag"] for one in suggested],
            "suggestion_scores": suggested,
            "tagging": {"status": "tagged", "tagger": "t1", "at": "2026-11-01T00:00:00Z"},
        }
        yield Action(str(n), source)


def _typed(draw: random.Random, labels: Sequence[Label], count: int) -> Iterator[str]:
    """Yield what stands in the field after each letter, from the second on."""
    yielded = 0
    while yielded < count:
        text = draw.choice(labels).text
        for end in range(2, min(len(text), 12) + 1):
            yield text[:end]
            yielded += 1


def _timed(rounds: int, call: Callable[[], Any]) -> dict[str, float]:
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    p50, p95, most = np.percentile(seconds, (50, 95, 100)) * 1000
    return {"p50": round(p50, 1), "p95": round(p95, 1), "most": round(most, 1)}


if __name__ == "__main__":
    main()
