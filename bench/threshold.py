"""How near is the threshold that is chosen without gold to the best one that gold could choose?

For each labelled folder (labels.jsonl.gz, train.jsonl.gz, gold-train.tsv.gz): micro F1 of the
untrained encoder's tags at the rule's threshold, and at the best single threshold of all.

    python bench/threshold.py FOLDER [FOLDER …] --documents 400
    python bench/threshold.py FOLDER --fields title
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels
from lmtx_search.training.threshold import choose_threshold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--fields", default="title,text")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir}).settings
    encoder = load_encoder(settings, max_tokens=settings.encoder.document_tokens)
    for folder in arguments.folders:
        gold = read_gold(folder / "gold-train.tsv.gz")
        read = read_documents(folder / "train.jsonl.gz", "id", arguments.fields.split(","))
        documents = [x for x in read if isinstance(x, Document) and x.text and x.id in gold]
        documents = random.Random(0).sample(documents, arguments.documents)
        labels = list(read_labels(folder / "labels.jsonl.gz"))
        right = np.array([[label.id in gold[x.id] for label in labels] for x in documents])
        vectors = encoder.encode([document.text for document in documents])
        scores = vectors @ encoder.encode([label_passage(label) for label in labels]).T
        best = max(np.arange(0.1, 0.9, 0.01), key=lambda t: micro_f1(scores, right, t))
        chosen, _ = choose_threshold(scores.max(axis=1).tolist())
        result = {
            "set": folder.name,
            "best threshold": round(float(best), 3),
            "its F1": round(100 * micro_f1(scores, right, best), 1),
            "chosen without gold": round(chosen, 3),
            "F1 at that": round(100 * micro_f1(scores, right, chosen), 1),
        }
        print(json.dumps(result), flush=True)


def micro_f1(scores: NDArray[np.float32], right: NDArray[np.bool_], threshold: float) -> float:
    assigned = scores >= threshold
    return float(2 * (assigned & right).sum() / (assigned.sum() + right.sum()))


if __name__ == "__main__":
    main()
