"""Measures whether reading long documents in several windows improves their tags.

For each labelled folder (labels.jsonl.gz, test.jsonl.gz, gold-test.tsv.gz), the output shows P@1,
P@5 and R@10 of the untrained encoder in int8 on test documents, read in the same way as by a
tagger.

    python bench/windows.py FOLDER [FOLDER …] --documents 400 --windows 1,2,4
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.windows import best_of_windows, mean_of_windows
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels

DEPTH = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--windows", default="1,2,4")
    parser.add_argument("--fields", default="title,text")
    parser.add_argument("--encoder", type=Path, help="folder of a trained encoder")
    arguments = parser.parse_args()
    settings = load_settings()
    tokens = settings.encoder.document_tokens
    encoder = load_encoder(settings, max_tokens=tokens, folder=arguments.encoder, precision="int8")
    reads_labels = load_encoder(
        settings, max_tokens=settings.encoder.label_tokens, folder=arguments.encoder
    )
    for folder in arguments.folders:
        gold = read_gold(folder / "gold-test.tsv.gz")
        read = read_documents(folder / "test.jsonl.gz", "id", arguments.fields.split(","))
        found = [x for x in read if isinstance(x, Document) and x.id in gold]
        documents = random.Random(0).sample(found, min(arguments.documents, len(found)))
        labels = list(read_labels(folder / "labels.jsonl.gz"))
        ids = [label.id for label in labels]
        matrix = embed_labels(reads_labels, labels)
        texts = [document.text for document in documents]
        result: dict[str, object] = {"set": folder.name, "documents": len(documents)}
        for most in map(int, arguments.windows.split(",")):
            started = time.perf_counter()
            vectors, counts = encoder.encode_windows(texts, most)
            seconds = time.perf_counter() - started
            mean = nearest(mean_of_windows(vectors, counts), matrix, ids, DEPTH)
            best = best_of_windows(nearest(vectors, matrix, ids, DEPTH), counts, DEPTH)
            right = [gold[document.id] for document in documents]
            for name, rankings in (("mean", mean), ("max", best))[: 1 if most == 1 else 2]:
                result[f"{most} windows, {name}"] = measures(rankings, right)
            result[f"{most} windows, each"] = round(len(vectors) / len(texts), 2)
            result[f"{most} windows, documents/s"] = round(len(texts) / seconds, 1)
        print(json.dumps(result), flush=True)


def measures(
    rankings: list[list[tuple[str, float]]], right: list[frozenset[str]]
) -> dict[str, float]:
    hits = np.array(
        [
            [label in tags for label, _ in ranking]
            for ranking, tags in zip(rankings, right, strict=True)
        ]
    )
    count = np.array([len(tags) for tags in right])
    return {
        "P@1": round(100 * float(hits[:, 0].mean()), 1),
        "P@5": round(100 * float(hits[:, :5].mean()), 1),
        "R@10": round(100 * float((hits.sum(axis=1) / count).mean()), 1),
    }


if __name__ == "__main__":
    main()
