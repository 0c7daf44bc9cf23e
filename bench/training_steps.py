"""How fast the encoder learns with what makes its steps shorter, one thing added after the other.

The sides: dropout and all texts as they come; labels read in groups of similar length; no dropout;
documents of similar length in a batch; the plain form of attention in place of torch's kernel,
where it is used. Each side trains on the same documents, with random scores,
and its steps after the first count. Needs no server.

    LMTX_ENCODER_NAME=FOLDER python bench/training_steps.py documents.jsonl labels.jsonl
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from first_documents import first_documents

from lmtx_search.encoder.folder import resolve_encoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_labels
from lmtx_search.training.profiles import small
from lmtx_search.training.sampling import shuffled_by_length
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student import distillation, trainer
from lmtx_search.training.targets.soft_targets import LABELS_PER_DOCUMENT, TEMPERATURE

GROUPS = distillation._GROUPS
PLAIN = trainer.plain_attention_is_faster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents_file", type=Path, help="JSONL")
    parser.add_argument("labels_file", type=Path, help="JSONL")
    parser.add_argument("--documents", type=int, default=320)
    arguments = parser.parse_args()

    settings = load_settings()
    documents = first_documents(settings, arguments.documents_file, arguments.documents)
    labels = [label_passage(label) for label in read_labels(arguments.labels_file)]
    texts = [document.text for document in documents]
    base = resolve_encoder(settings.encoder.name, settings.cache_dir)
    tuning = small(settings.encoder).fine_tuning
    places = list(range(len(texts)))
    together = shuffled_by_length(texts, tuning.batch_size, Random(0))
    sides = {
        "dropout": (True, 1, places, False),
        "and labels in groups": (True, GROUPS, places, False),
        "and no dropout": (False, GROUPS, places, False),
        "and documents of similar length": (False, GROUPS, together, False),
        "and plain attention": (False, GROUPS, together, PLAIN(tuning.document_tokens)),
    }
    rates: dict[str, float] = {}
    for side, (dropout, groups, order, plain) in sides.items():
        distillation._GROUPS = groups
        trainer.plain_attention_is_faster = partial(_always, plain)
        data = random_data([texts[place] for place in order], labels)
        rates[side] = documents_per_second(base, data, replace(tuning, dropout=dropout))
    slowest = rates[next(iter(rates))]
    result = {
        "documents": len(documents),
        "labels": len(labels),
        "cores": len(os.sched_getaffinity(0)),
        "documents_per_second": {side: round(rate, 1) for side, rate in rates.items()},
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "times the first": {side: round(rate / slowest, 2) for side, rate in rates.items()},
    }
    print(json.dumps(result, indent=1))


def _always(plain: bool, tokens: int) -> bool:
    return plain


def random_data(documents: list[str], labels: list[str]) -> distillation.DistillationData:
    """Return what an encoder can be trained on: documents with random scores."""
    scores = np.random.default_rng(0).random((len(documents), len(labels)), dtype=np.float32)
    best = np.argsort(-scores, axis=1)[:, :LABELS_PER_DOCUMENT].astype(np.int64)
    return distillation.DistillationData(documents, labels, scores, best, TEMPERATURE)


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
