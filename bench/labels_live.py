"""Measures the seconds from `labels add`, `retire` or `rollback` until the change applies.

Uses the cluster of the settings (`lmtx-search up`, `bootstrap-index`). It loads the labels, deploys
the encoder of the settings unless a tagger is deployed, then adds and retires a label several
times. Times are measured from the start of the command. Documents go through the pipeline with
`_simulate`, one after another, until they get the label.

    python bench/labels_live.py labels.jsonl.gz --count 100000 --data-dir D
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import active, read_pipeline, simulate
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.encoder.score_threshold import DEFAULT_THRESHOLD
from lmtx_search.records import Label
from lmtx_search.settings import Settings, load_settings
from lmtx_search.sources import LabelFile
from lmtx_search.tagging.deployment.options import DEFAULT_MAX_TAGS
from lmtx_search.tagging.deployment.rollback import roll_back
from lmtx_search.tagging.versions.contents import TaggingRule, VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.store import TaggerVersions

ID, TEXT = "lmtx-bench", "qzvkw flurbing of grumkins"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="labels, JSONL")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    if active(client) is None:
        _deploy(settings, client, list(islice(LabelFile(arguments.file), arguments.count)))
    body = read_pipeline(client).body

    def has_it() -> bool:
        (source,) = simulate(client, body, [{"text": TEXT}])
        assert source["tagging"]["status"] == "tagged", source
        return TEXT in source["tags"]

    def timed(*words: str, until: bool) -> tuple[float, float]:
        started = time.perf_counter()
        ended: list[float] = []

        def command() -> None:
            _run(arguments.data_dir, *words)
            ended.append(time.perf_counter() - started)

        thread = threading.Thread(target=command)
        thread.start()
        while has_it() is not until:
            pass
        there = time.perf_counter() - started
        thread.join()
        return there, ended[0]

    assert not has_it()
    added, retired = [], []
    for _ in range(arguments.rounds):
        added.append(timed("labels", "add", ID, TEXT, until=True))
        retired.append(timed("labels", "retire", ID, "--yes", until=False))
    versions = TaggerVersions(settings.data_dir).names()
    other = [name for name in versions if name != active(client)][-1]
    started = time.perf_counter()
    _run(arguments.data_dir, "rollback", other)
    back = time.perf_counter() - started
    result = {
        "labels": index.require().count,
        "rounds": arguments.rounds,
        "cores": len(os.sched_getaffinity(0)),
        "seconds": {
            "add: until assigned": _shown([there for there, _ in added]),
            "add: the command": _shown([command for _, command in added]),
            "retire: until no longer assigned": _shown([there for there, _ in retired]),
            "retire: the command": _shown([command for _, command in retired]),
            "rollback: the command": round(back, 2),
        },
    }
    print(json.dumps(result, indent=1))


def _deploy(settings: Settings, client: Any, labels: list[Label]) -> None:
    """Load labels and deploy the untrained encoder, with one embedding for both."""
    tokens = settings.encoder.label_tokens
    encoder = load_encoder(settings, max_tokens=tokens)
    digest = passages_digest(encoder.digest, tokens, encoder.form.label_prompt)
    vectors = embed_labels(encoder, labels)
    row_of = {label.id: row for row, label in enumerate(labels)}
    LabelIndex(client, settings.opensearch.knn_engine).load(
        labels,
        lambda some: vectors[[row_of[label.id] for label in some]],
        digest,
        encoder.dimension,
    )
    for _ in range(2):
        version = TaggerVersions(settings.data_dir).create(
            VersionEncoder(
                onnx_folder=encoder.folder,
                name=settings.encoder.name,
                digest=encoder.digest,
                precision="int8",
                document_tokens=settings.encoder.document_tokens,
            ),
            VersionLabels(
                labels=labels,
                embeddings=vectors,
                passages=digest,
            ),
            TaggingRule(
                threshold=DEFAULT_THRESHOLD,
                max_tags=DEFAULT_MAX_TAGS,
            ),
        )
        roll_back(client, settings, version.manifest.version)


def _run(data_dir: Path | None, *words: str) -> None:
    program = "from lmtx_search.cli.main import main; main()"
    options = ["--data-dir", str(data_dir)] if data_dir else []
    command = [sys.executable, "-c", program, *options, *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


def _shown(seconds: list[float]) -> dict[str, Any]:
    return {"median": round(median(seconds), 2), "most": round(max(seconds), 2)}


if __name__ == "__main__":
    main()
