"""What it costs if labels that mean nearly the same exclude each other.

For each border of the similarity of two labels (lmtx_search/gaps/similarity.py): how many pairs of
labels are as similar, and how many gold tags could not be given beside another one. Labels of a
data set only; no tagger.

    python bench/near_duplicates.py ../sets/congress112 ../sets/arxiv
"""

from __future__ import annotations

import gzip
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.gaps.near_duplicates import LEAST_SIMILARITY
from lmtx_search.gaps.similarity import cosine_of, unrelated_cosine
from lmtx_search.settings import load_settings
from lmtx_search.sources.labels import LabelFile

BORDERS = (0.95, LEAST_SIMILARITY, 0.85, 0.8, 0.75, 0.7)


def main(folder: Path) -> None:
    """Print a row for each border."""
    settings = load_settings()
    labels = list(LabelFile(folder / "labels.jsonl.gz"))
    row_of = {label.id: row for row, label in enumerate(labels)}
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    embeddings = embed_labels(encoder, labels)
    unrelated = unrelated_cosine(embeddings)
    cosines = np.triu(embeddings @ embeddings.T, 1)
    gold: dict[str, set[int]] = defaultdict(set)
    with gzip.open(folder / "gold-test.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            document, label = line.rstrip("\n").split("\t")[:2]
            gold[document].add(row_of[label])
    tags = sum(map(len, gold.values()))
    for border in BORDERS:
        pairs = np.argwhere(cosines >= cosine_of(border, unrelated))
        lost = sum(_lost(rows, pairs.tolist()) for rows in gold.values())
        print(f"{folder.name}\t{border}\t{len(pairs)} pairs\t{lost} of {tags} ({lost / tags:.2%})")


def _lost(rows: set[int], pairs: list[list[int]]) -> int:
    """Return how many of a document's labels are left out, one after the other."""
    kept = set(rows)
    for first, second in pairs:
        if first in kept and second in kept:
            kept.remove(second)
    return len(rows) - len(kept)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        main(Path(name))
