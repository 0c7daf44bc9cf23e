"""Documents tagged per second with and without evidence from words.

Words are read from one window, as the encoder reads, and from as many as the product reads. The
taggers take turns on the same documents, so that a busy machine slows all. Embeddings of
labels are random, because the speed does not depend on them. The folder holds test.jsonl.gz.
On a busy machine, compare processor times. The threads of OpenBLAS wait actively, which counts as
processor time, so leave it one thread.

    OPENBLAS_NUM_THREADS=1 python bench/words.py FOLDER --labels labels.jsonl.gz --documents 300
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.windows import word_windows
from lmtx_search.records import Document, Label
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_labels
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.contents import (
    TaggingRule,
    VersionEncoder,
    VersionLabels,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.words.importance import word_importance
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring

# Documents that one tagger tags before it is the other's turn.
_BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds test.jsonl.gz")
    parser.add_argument("--labels", type=Path, help="default: labels.jsonl.gz of the folder")
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--encoder", type=Path, help="folder of the encoder")
    parser.add_argument("--precision", choices=["int8", "fp32", "bf16"], default="int8")
    arguments = parser.parse_args()

    settings = load_settings(flags={})
    fields, tokens = settings.documents.text_fields, settings.encoder.document_tokens
    read = read_documents(arguments.folder / "test.jsonl.gz", "id", fields)
    documents = [doc for doc in read if isinstance(doc, Document) and doc.text]
    texts = [document.text for document in islice(documents, arguments.documents)]
    file = arguments.labels or arguments.folder / "labels.jsonl.gz"
    labels = [label for label in read_labels(file) if isinstance(label, Label)]
    encoder = load_encoder(
        settings, max_tokens=tokens, folder=arguments.encoder, precision=arguments.precision
    )
    vectors = np.random.default_rng(0).normal(size=(len(labels), encoder.dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = encoder.word_tokens()
    importance = word_importance([words.words(ids) for ids in encoder.tokens(texts)], len(words))
    windows = word_windows(tokens, 1)
    loading: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        taggers: dict[str, Tagger] = {}
        for name, counted in (
            ("encoder", None),
            ("encoder and words of one window", WordScoring(DEFAULT_WEIGHTS, importance)),
            ("encoder and words", WordScoring(DEFAULT_WEIGHTS, importance, windows=windows)),
        ):
            version = TaggerVersions(Path(folder)).create(
                VersionEncoder(encoder.folder, name, encoder.digest, arguments.precision, tokens),
                VersionLabels(labels, vectors.astype(np.float32)),
                TaggingRule(0.3, 10),
                counted,
            )
            started = time.perf_counter()
            taggers[name] = Tagger(version)
            loading[name] = round(time.perf_counter() - started, 2)
        wall: dict[str, list[float]] = {name: [] for name in taggers}
        processor: dict[str, list[float]] = {name: [] for name in taggers}
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        for batch in batches * arguments.rounds:
            for name, tagger in taggers.items():
                started = time.perf_counter(), time.process_time()
                tagger.tag(batch)
                wall[name].append((time.perf_counter() - started[0]) / len(batch))
                processor[name].append((time.process_time() - started[1]) / len(batch))
    result = {
        "labels": len(labels),
        "documents": len(texts),
        "tokens": tokens,
        "precision": arguments.precision,
        "cores": len(os.sched_getaffinity(0)),
        "documents_per_second": {n: round(1 / median(times), 1) for n, times in wall.items()},
        "processor_ms_per_document": {
            n: round(1000 * median(times), 2) for n, times in processor.items()
        },
        "seconds_to_load": loading,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
