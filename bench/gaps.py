"""Takes labels out of a label set, and tells whether their documents become a theme.

For a labelled folder (labels.jsonl.gz, train.jsonl.gz, gold-train.tsv.gz): the labels whose ids
begin with the same group (what stands before the separator) are taken out together, or, without a
separator, one label at a time. A group is found if one of the first ten themes consists to at least
half of documents with a gold tag of the group. The output counts the groups that are found with
their labels taken out, and before, with all labels. The encoder is the untrained one with words.

    python bench/gaps.py ../sets/debtags-topic --separator ::
    python bench/gaps.py ../sets/cooking
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from loop import read_folder

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.reading import TextReader
from lmtx_search.encoder.windows import ONE_WINDOW
from lmtx_search.encoder.word_scoring import word_scoring
from lmtx_search.gaps.terms import telling_terms
from lmtx_search.gaps.themes import Group, group_documents
from lmtx_search.settings import load_settings

THEMES = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--separator", help="what ends the group in a label's id")
    parser.add_argument("--sample", type=int, default=1000)
    parser.add_argument("--groups", type=int, default=20, help="the most frequent ones are tried")
    parser.add_argument("--most", type=float, default=0.15, help="largest share of documents")
    arguments = parser.parse_args()
    settings = load_settings()
    folder = read_folder(arguments.folder)
    documents = folder.train[: arguments.sample]
    texts = [document.text for document in documents]

    def group(id_: str) -> str:
        return id_.split(arguments.separator)[0] if arguments.separator else id_

    tokens = settings.encoder.document_tokens
    encoder = load_encoder(settings, max_tokens=tokens, precision="int8")
    reads_labels = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    embeddings = embed_labels(reads_labels, folder.labels)
    words = word_scoring(encoder, folder.labels, texts, 1, 0.5)
    reader = TextReader(encoder, ONE_WINDOW, words)
    read = reader.read(texts)
    forms = reader.label_forms()
    assert forms is not None
    assert read.words is not None
    forms.put(folder.labels)
    scores = read.vectors @ embeddings.T
    forms.of([label.id for label in folder.labels]).scores(read.words, forms.weights, plus=scores)
    groups = np.array([group(label.id) for label in folder.labels])
    gold = [{group(tag) for tag in folder.gold_train[document.id]} for document in documents]
    counts = Counter(one for of_document in gold for one in of_document)
    most = arguments.most * len(documents)
    tried = [one for one, count in counts.most_common() if count <= most and one in set(groups)]
    tried = tried[: arguments.groups]

    def themes(kept: np.ndarray) -> list[Group]:
        best = scores[:, kept].max(axis=1)
        return group_documents(read.vectors, best, embeddings[kept])[:THEMES]

    def place(found: list[Group], wanted: str) -> int | None:
        for number, theme in enumerate(found, 1):
            has = sum(wanted in gold[row] for row in theme.documents)
            if 2 * has >= len(theme.documents):
                return number
        return None

    everything = themes(np.arange(len(groups)))
    found, before = {}, {}
    for one in tried:
        without = themes(np.flatnonzero(groups != one))
        if (at := place(without, one)) is not None:
            terms = telling_terms(texts, [without[at - 1].documents])[0]
            found[one] = {"theme": at, "terms": terms}
        if (at := place(everything, one)) is not None:
            before[one] = at
    print(
        json.dumps(
            {
                "set": folder.name,
                "documents": len(documents),
                "tried": len(tried),
                "found": len(found),
                "found before": len(before),
                "found only without their labels": sorted(found.keys() - before.keys()),
                "themes": found,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
