"""Bulk ingest of a transformer and of a static encoder, in both runtimes, beside plain bulk.

Deploys a training run with each encoder in each runtime: the transformer in int8, where it is fast
in bf16, and in the cluster in fp32; the static encoder in both. Then the versions and plain bulk
take turns on the same documents, so that other work on the machine slows all of them. All but the
transformers, which take far longer, index several copies of each document, so that each turn takes
seconds. A node that has just started compiles its code for minutes, so the first rounds are not
timed. The end of the result compares the tags of the static encoder in both runtimes. Needs the
servers of `up`, labels, training documents, a trained run, and `lmtx-search[in-cluster]`. The
indices of the benchmark are deleted at the end.

    python bench/encoder_kinds.py documents.jsonl --count 2048 --data-dir D
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from first_documents import first_documents
from runtimes import compare

from lmtx_search.cluster.client.connect import Client, connect
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.ml.pipeline import active
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.library import deploy
from lmtx_search.records import Document
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.deployment.options import DeployOptions, Runtime
from lmtx_search.tagging.deployment.rollback import roll_back

PLAIN, TAGGED = "lmtx-bench-plain", "lmtx-bench-tagged"
RUNTIMES: tuple[Runtime, ...] = ("service", "in-cluster")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="documents, JSONL")
    parser.add_argument("--count", type=int, default=2048)
    parser.add_argument("--copies", type=int, default=8, help="of each document")
    parser.add_argument("--warm-up", type=int, default=6, help="rounds that are not timed")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that are timed")
    parser.add_argument("--threads", type=int, default=6, help="bulk requests in flight")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    documents = first_documents(settings, arguments.file, arguments.count)

    versions, kept = deploy_all(settings)
    copies = [
        replace(document, id=f"{document.id} {number}")
        for number in range(arguments.copies)
        for document in documents
    ]
    measured: dict[str, list[float]] = {name: [] for name in ("plain bulk", *versions)}
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for number in range(arguments.warm_up + arguments.rounds):
        for name, of_name in measured.items():
            slow = name.startswith("transformer")
            if slow and number < arguments.warm_up:
                continue
            if name in versions:
                use(client, settings, versions[name])
            written = documents if slow else copies
            took = index(client, written, PLAIN if name not in versions else TAGGED, arguments)
            if number >= arguments.warm_up:
                of_name.append(len(written) / took)
            if name in versions and name not in scores:
                hits = scan(client, TAGGED, fields=("tag_scores",))
                scores[name] = {h["_id"]: scores_of(h["_source"].get("tag_scores")) for h in hits}
    client.indices.delete(index=f"{PLAIN},{TAGGED}", params={"ignore_unavailable": "true"})
    rates = {name: median(of_name) for name, of_name in measured.items()}
    result: dict[str, Any] = {
        "documents": len(documents),
        "cores": len(os.sched_getaffinity(0)),
        "copies": arguments.copies,
        "rounds": arguments.rounds,
        "documents_per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "part of plain bulk": {
            name: round(rates[name] / rates["plain bulk"], 3) for name in versions
        },
        "static / transformer": {
            runtime: round(rates[f"static, {runtime}"] / rates[f"transformer, {runtime}"], 1)
            for runtime in RUNTIMES
        },
        "least_agreement passed": kept,
        "static in both runtimes": compare(*(scores[f"static, {runtime}"] for runtime in RUNTIMES)),
    }
    print(json.dumps(result, indent=1))


def deploy_all(settings: Settings) -> tuple[dict[str, str], dict[str, Any]]:
    """Deploy each kind in each runtime.

    Returns:
        The versions by kind and runtime, and how closely the static encoder follows.
    """
    versions: dict[str, str] = {}
    followed: dict[str, Any] = {}
    wanted = {
        "transformer, service": DeployOptions("int8"),
        "static, service": DeployOptions(static=True),
        "transformer, in-cluster": DeployOptions(runtime="in-cluster"),
        "static, in-cluster": DeployOptions(runtime="in-cluster", static=True),
    }
    if bf16_is_fast():
        wanted["transformer bf16, service"] = DeployOptions("bf16")
    for name, options in wanted.items():
        done = deploy(settings, options=options)
        if options.static and done.encoder_kind != "static":
            raise SystemExit(f"the static encoder follows too loosely: {done.student}")
        versions[name] = done.version
        if done.student is not None:
            followed[options.runtime] = str(done.student)
    return versions, followed


def use(client: Client, settings: Settings, version: str) -> None:
    """Let the pipeline use a version."""
    if active(client) != version:
        roll_back(client, settings, version)


def index(
    client: Client, documents: list[Document], name: str, arguments: argparse.Namespace
) -> float:
    """Write the documents into a new index; return the seconds."""
    client.indices.delete(index=name, params={"ignore_unavailable": "true"})
    if name == PLAIN:
        client.indices.create(index=name)
    else:
        prepare_tagged_index(client, name)
    started = time.perf_counter()
    report = load_documents(client, documents, name, threads=arguments.threads)
    took = time.perf_counter() - started
    assert report.indexed == len(documents), report
    client.indices.refresh(index=name)
    return took


if __name__ == "__main__":
    main()
