"""Does a long document gain from being read in several windows instead of its beginning alone?

For each labelled folder (labels.jsonl.gz, test.jsonl.gz, gold-test.tsv.gz): P@1, P@5, R@10 of the
untrained encoder on documents of more than one window. Windows are of as many words as the encoder
reads tokens, times three quarters; their embeddings are averaged ("mean"), or each label has its
best score of all windows ("max").

    python bench/windows.py FOLDER [FOLDER …] --documents 200 --windows 4
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels

Scores = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir}).settings
    tokens = settings.encoder.document_tokens
    encoder = load_encoder(settings, max_tokens=tokens)
    for folder in arguments.folders:
        gold = read_gold(folder / "gold-test.tsv.gz")
        read = read_documents(folder / "test.jsonl.gz", "id", settings.documents.text_fields)
        found = [x for x in read if isinstance(x, Document) and x.id in gold]
        long = [x for x in found if len(x.text.split()) > tokens * 3 // 4]
        documents = random.Random(0).sample(long, min(arguments.documents, len(long)))
        labels = list(read_labels(folder / "labels.jsonl.gz"))
        right = np.array([[label.id in gold[x.id] for label in labels] for x in documents])
        matrix = encoder.encode([label_passage(label) for label in labels])
        result: dict[str, object] = {
            "set": folder.name,
            "documents": len(documents),
            "share that is longer than a window": round(len(long) / len(found), 2),
        }
        texts = [document.text for document in documents]
        for name, scores, seconds in systems(encoder, texts, matrix, tokens, arguments.windows):
            result[name] = {**measures(scores, right), "seconds": round(seconds, 1)}
        print(json.dumps(result), flush=True)


def systems(
    encoder: OnnxEncoder, texts: list[str], matrix: Scores, tokens: int, most: int
) -> list[tuple[str, Scores, float]]:
    started = time.perf_counter()
    beginning = encoder.encode(texts)
    first = time.perf_counter() - started
    started = time.perf_counter()
    cut = [windows(text, tokens * 3 // 4, most) for text in texts]
    every = encoder.encode([window for parts in cut for window in parts])
    seconds = time.perf_counter() - started
    ends = np.cumsum([len(parts) for parts in cut])
    groups = np.split(every, ends[:-1])
    mean = np.stack([group.mean(axis=0) for group in groups])
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    best = np.stack([(group @ matrix.T).max(axis=0) for group in groups])
    return [
        ("beginning", beginning @ matrix.T, first),
        (f"mean of {most}", mean @ matrix.T, seconds),
        (f"max of {most}", best, seconds),
    ]


def windows(text: str, words: int, most: int) -> list[str]:
    every = text.split()
    return [" ".join(every[at : at + words]) for at in range(0, len(every), words)][:most]


def measures(scores: Scores, right: NDArray[np.bool_]) -> dict[str, float]:
    order = np.argsort(-scores, axis=1)[:, :10]
    hits = np.take_along_axis(right, order, axis=1)
    return {
        "P@1": round(100 * float(hits[:, 0].mean()), 1),
        "P@5": round(100 * float(hits[:, :5].mean()), 1),
        "R@10": round(100 * float((hits.sum(axis=1) / right.sum(axis=1)).mean()), 1),
    }


if __name__ == "__main__":
    main()
