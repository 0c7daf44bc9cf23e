"""Measures the cost of int8 and bf16: the first labels of the same documents in these and in fp32.

For each labelled folder (labels.jsonl.gz, test.jsonl.gz, gold-test.tsv.gz), the output shows P@1 on
all test documents, the difference to fp32 with its 95 % interval (paired bootstrap), and the share
of documents with a different first label. The last line is about the documents of all folders. bf16
is measured where it is fast.

    python bench/precision.py FOLDER [FOLDER …]
    python bench/precision.py FOLDER --encoder RUN/encoder
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.form import Precision
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels

Hits = dict[Precision, NDArray[np.float64]]
"""For each document: whether the first label is right."""

Firsts = dict[Precision, NDArray[np.int64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--fields", default="title,text")
    parser.add_argument("--documents", type=int, default=10**9, help="of a folder")
    parser.add_argument("--encoder", type=Path, help="folder of a trained encoder")
    arguments = parser.parse_args()
    settings = load_settings()
    precisions: list[Precision] = ["fp32", "int8", *(["bf16"] if bf16_is_fast() else [])]
    every: list[tuple[Hits, Firsts]] = []
    for folder in arguments.folders:
        labels = list(read_labels(folder / "labels.jsonl.gz"))
        gold = read_gold(folder / "gold-test.tsv.gz")
        read = read_documents(folder / "test.jsonl.gz", "id", arguments.fields.split(","))
        whole = (x for x in read if isinstance(x, Document) and x.text.strip() and x.id in gold)
        documents = list(whole)[: arguments.documents]
        names = load_encoder(
            settings,
            max_tokens=settings.encoder.label_tokens,
            folder=arguments.encoder,
            precision="fp32",
        )
        matrix = embed_labels(names, labels)
        first: Firsts = {}
        hits: Hits = {}
        for precision in precisions:
            encoder = load_encoder(
                settings,
                max_tokens=settings.encoder.document_tokens,
                folder=arguments.encoder,
                precision=precision,
            )
            vectors = encoder.encode([document.text for document in documents])
            first[precision] = np.argmax(vectors @ matrix.T, axis=1)
            hits[precision] = np.array(
                [
                    float(labels[row].id in gold[document.id])
                    for row, document in zip(first[precision], documents, strict=True)
                ]
            )
        every.append((hits, first))
        print(json.dumps({"set": folder.name, **compared(hits, first)}), flush=True)
    together = {one: np.concatenate([hits[one] for hits, _ in every]) for one in precisions}
    firsts = {one: np.concatenate([first[one] for _, first in every]) for one in precisions}
    print(json.dumps({"set": "all", **compared(together, firsts)}))


def compared(hits: Hits, firsts: Firsts) -> dict[str, object]:
    found: dict[str, object] = {
        "documents": len(hits["fp32"]),
        **{name: round(100 * float(values.mean()), 2) for name, values in hits.items()},
    }
    for name in hits:
        if name == "fp32":
            continue
        difference = 100 * (hits[name] - hits["fp32"])
        random = np.random.default_rng(0)
        means = [random.choice(difference, len(difference)).mean() for _ in range(2000)]
        low, high = np.percentile(means, [2.5, 97.5])
        found[f"{name} - fp32"] = {
            "difference": round(float(difference.mean()), 2),
            "95% interval": [round(float(low), 2), round(float(high), 2)],
            "another first label": round(float((firsts[name] != firsts["fp32"]).mean()), 4),
        }
    return found


if __name__ == "__main__":
    main()
