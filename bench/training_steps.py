"""How fast the encoder learns: with and without dropout, and with labels read in groups or at once.

Trains on the same documents, with random scores, once for each side. Of each side, the steps after
the first count. Needs no server.

    LMTX_ENCODER_NAME=FOLDER python bench/training_steps.py documents.jsonl labels.jsonl
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from first_documents import first_documents

from lmtx_search.encoder.folder import resolve_encoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_labels
from lmtx_search.training.profiles import small
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student import distillation
from lmtx_search.training.targets.soft_targets import LABELS_PER_DOCUMENT, TEMPERATURE

GROUPS = (1, distillation._GROUPS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents_file", type=Path, help="JSONL")
    parser.add_argument("labels_file", type=Path, help="JSONL")
    parser.add_argument("--documents", type=int, default=320)
    arguments = parser.parse_args()

    settings = load_settings()
    documents = first_documents(settings, arguments.documents_file, arguments.documents)
    labels = [label_passage(label) for label in read_labels(arguments.labels_file)]
    scores = np.random.default_rng(0).random((len(documents), len(labels)), dtype=np.float32)
    best = np.argsort(-scores, axis=1)[:, :LABELS_PER_DOCUMENT].astype(np.int64)
    data = distillation.DistillationData(
        [document.text for document in documents], labels, scores, best, TEMPERATURE
    )
    base = resolve_encoder(settings.encoder.name, settings.cache_dir)
    tuning = small(settings.encoder).fine_tuning
    rates: dict[str, float] = {}
    for dropout in (True, False):
        for groups in GROUPS:
            distillation._GROUPS = groups
            side = f"{'dropout' if dropout else 'no dropout'}, labels in {groups} group(s)"
            rates[side] = documents_per_second(base, data, replace(tuning, dropout=dropout))
    slowest = rates[next(iter(rates))]
    result = {
        "documents": len(documents),
        "labels": len(labels),
        "cores": len(os.sched_getaffinity(0)),
        "documents_per_second": {side: round(rate, 1) for side, rate in rates.items()},
        "times the first": {side: round(rate / slowest, 2) for side, rate in rates.items()},
    }
    print(json.dumps(result, indent=1))


def documents_per_second(
    base: Path, data: distillation.DistillationData, tuning: FineTuning
) -> float:
    """Train once; return the rate of the steps after the first."""
    ends: list[float] = []
    counts: list[int] = []

    def on_step(count: int) -> None:
        ends.append(time.perf_counter())
        counts.append(count)

    with tempfile.TemporaryDirectory() as folder:
        distillation.distil(base, Path(folder) / "encoder", data, tuning, 0, on_step)
    return sum(counts[1:]) / (ends[-1] - ends[0])


if __name__ == "__main__":
    main()
