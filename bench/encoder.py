"""Documents embedded per second: torch FP32 against ONNX FP32 and int8, and what int8 costs.

The three take turns on the same documents, so that a busy machine slows all of them. The folder
holds labels.jsonl.gz, test.jsonl.gz and gold-test.tsv.gz.

    python bench/encoder.py FOLDER --documents 400
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.folder import resolve_encoder
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.records import Document
from lmtx_search.settings import Settings, load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels

Encode = Callable[[list[str]], NDArray[np.float32]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a labelled set")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--labelled", type=int, default=10**9, help="documents for P@1")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir}).settings
    fields = settings.documents.text_fields
    read = read_documents(arguments.folder / "test.jsonl.gz", "id", fields)
    documents = [doc for doc in read if isinstance(doc, Document) and doc.text]
    texts = [document.text for document in islice(documents, arguments.documents)]
    systems = _systems(settings)
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for encode in systems.values():
        encode(texts[:32])
    for _ in range(arguments.rounds):
        for name, encode in systems.items():
            started = time.perf_counter()
            encode(texts)
            seconds[name].append(time.perf_counter() - started)
    rates = {name: len(texts) / median(times) for name, times in seconds.items()}
    result = {
        "documents": len(texts),
        "tokens": settings.encoder.document_tokens,
        "cores": len(os.sched_getaffinity(0)),
        "documents_per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "ratio_to_torch": {name: round(rate / rates["torch"], 2) for name, rate in rates.items()},
        "precision_at_1": _precision(
            arguments.folder, settings, documents[: arguments.labelled], systems
        ),
    }
    print(json.dumps(result, indent=1))


def _systems(settings: Settings) -> dict[str, Encode]:
    import torch
    from sentence_transformers import SentenceTransformer

    tokens = settings.encoder.document_tokens
    folder = resolve_encoder(settings.encoder.name, settings.cache_dir)
    torch.set_num_threads(settings.service.threads or len(os.sched_getaffinity(0)))
    model = SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = tokens

    def with_torch(texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(
            model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        )

    return {
        "torch": with_torch,
        "onnx fp32": load_encoder(settings, max_tokens=tokens).encode,
        "onnx int8": load_encoder(settings, max_tokens=tokens, precision="int8").encode,
    }


def _precision(
    folder: Path, settings: Settings, documents: list[Document], systems: dict[str, Encode]
) -> dict[str, object]:
    """Percent of documents whose first label is right, and int8's difference with its interval."""
    labels = list(read_labels(folder / "labels.jsonl.gz"))
    gold = read_gold(folder / "gold-test.tsv.gz")
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    matrix = encoder.encode([label_passage(label) for label in labels])
    documents = [document for document in documents if document.id in gold]
    texts = [document.text for document in documents]
    right: dict[str, NDArray[np.float64]] = {}
    for name in ("onnx fp32", "onnx int8"):
        first = np.argmax(systems[name](texts) @ matrix.T, axis=1)
        hits = [labels[i].id in gold[doc.id] for i, doc in zip(first, documents, strict=True)]
        right[name] = np.asarray(hits, dtype=np.float64)
    difference = 100 * (right["onnx int8"] - right["onnx fp32"])
    draws = np.random.default_rng(0).integers(0, len(documents), (2000, len(documents)))
    low, high = np.percentile(difference[draws].mean(axis=1), [2.5, 97.5])
    return {
        "documents": len(documents),
        **{name: round(100 * float(values.mean()), 2) for name, values in right.items()},
        "int8 - fp32": round(float(difference.mean()), 2),
        "95% interval": [round(float(low), 2), round(float(high), 2)],
    }


if __name__ == "__main__":
    main()
