"""Tokens and documents that several encoders read per second.

They take turns on the same documents, so that other work on the machine slows all of them. The
folder holds test.jsonl.gz. On a busy machine, compare processor times.

    LMTX_SERVICE_THREADS=1 python bench/encoders.py FOLDER all-MiniLM-L6-v2 multilingual-e5-small
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import islice
from pathlib import Path
from statistics import median

from lmtx_search.encoder.load import load_encoder
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents

# Documents that one encoder reads before it is the other's turn.
_BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds test.jsonl.gz")
    parser.add_argument("encoders", nargs="+", help="names or folders")
    parser.add_argument("--documents", type=int, default=160)
    parser.add_argument("--precision", choices=["int8", "fp32", "bf16"], default="int8")
    arguments = parser.parse_args()

    settings = {name: load_settings(flags={"encoder.name": name}) for name in arguments.encoders}
    first = settings[arguments.encoders[0]]
    tokens = first.encoder.document_tokens
    read = read_documents(arguments.folder / "test.jsonl.gz", "id", first.documents.text_fields)
    documents = [doc for doc in read if isinstance(doc, Document) and doc.text]
    texts = [document.text for document in islice(documents, arguments.documents)]
    encoders = {
        name: load_encoder(chosen, max_tokens=tokens, precision=arguments.precision)
        for name, chosen in settings.items()
    }
    wall: dict[str, list[float]] = {name: [] for name in encoders}
    processor: dict[str, list[float]] = {name: [] for name in encoders}
    for encoder in encoders.values():
        encoder.encode(texts[:2])
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        for name, encoder in encoders.items():
            started = time.perf_counter(), time.process_time()
            encoder.encode(batch)
            wall[name].append((time.perf_counter() - started[0]) / len(batch))
            processor[name].append((time.process_time() - started[1]) / len(batch))
    for name, encoder in encoders.items():
        count = sum(map(len, encoder.tokens(texts))) / len(texts)
        row = {
            "encoder": name,
            "precision": arguments.precision,
            "tokens per document": round(count, 1),
            "documents per second": round(1 / median(wall[name]), 1),
            "tokens per second": round(count / median(wall[name])),
            "tokens per processor second": round(count / median(processor[name])),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
