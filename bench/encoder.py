"""Measures documents embedded per second: torch FP32, and ONNX in FP32, int8 and bf16.

bench/precision.py measures the effect on quality. bf16 is measured where it is fast. The variants
take turns on the same documents, so that other work on the machine slows all of them. The folder
holds test.jsonl.gz.

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
from lmtx_search.encoder.form import Precision
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.records import Document
from lmtx_search.settings import Settings, load_settings
from lmtx_search.sources import read_documents

Encode = Callable[[list[str]], NDArray[np.float32]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds test.jsonl.gz")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
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

    precisions: list[Precision] = ["fp32", "int8", *(["bf16"] if bf16_is_fast() else [])]
    systems: dict[str, Encode] = {"torch": with_torch}
    for precision in precisions:
        encoder = load_encoder(settings, max_tokens=tokens, precision=precision)
        systems[f"onnx {precision}"] = encoder.encode
    return systems


if __name__ == "__main__":
    main()
