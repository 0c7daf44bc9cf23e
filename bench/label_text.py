"""Measures what the encoder should read of a label: name, synonyms or description.

Uses the untrained encoder and *training* documents of labelled sets, so that test documents stay
unseen. Gold tags are used only for measuring. A folder holds labels.jsonl.gz (or .rdf, .ttl: SKOS),
train.jsonl.gz and gold-train.tsv.gz. With --synonyms-in-description, the parts of the description
between semicolons are synonyms.

    python bench/label_text.py FOLDER [FOLDER …] --documents 1000
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.evaluation.metrics.ranking import ranking_measures
from lmtx_search.records import Document, Label
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels

Vectors = NDArray[np.float32]
LABELS = ("labels.jsonl.gz", "labels.rdf", "labels.ttl")
FORMS: dict[str, Callable[[OnnxEncoder, list[Label]], Vectors]] = {
    "name": lambda encoder, labels: encoder.encode_labels([label.text for label in labels]),
    "name, synonyms": lambda encoder, labels: encoder.encode_labels(
        [label_passage(x) for x in labels]
    ),
    "between the two": embed_labels,
    "name, synonyms. description": lambda encoder, labels: encoder.encode_labels(
        [f"{label_passage(label)}. {label.description}" for label in labels]
    ),
}
MEASURES = ("P@1", "P@5", "R@10")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--fields", help="that hold a document's text, comma separated")
    parser.add_argument("--language", help="of SKOS labels")
    parser.add_argument("--synonyms-in-description", action="store_true")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir})
    chosen = arguments.fields.split(",") if arguments.fields else None
    fields = chosen or settings.documents.text_fields
    reads_labels = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    reads_documents = load_encoder(settings, max_tokens=settings.encoder.document_tokens)
    for folder in arguments.folders:
        file = next(folder / name for name in LABELS if (folder / name).is_file())
        labels = list(read_labels(file, language=arguments.language))
        if arguments.synonyms_in_description:
            labels = [
                replace(label, description="", synonyms=tuple(label.description.split("; ")))
                for label in labels
            ]
        gold = read_gold(folder / "gold-train.tsv.gz")
        read = read_documents(folder / "train.jsonl.gz", "id", fields)
        documents = [x for x in read if isinstance(x, Document) and x.text and x.id in gold]
        documents = random.Random(0).sample(documents, arguments.documents)
        vectors = reads_documents.encode([document.text for document in documents])
        forms = {"name"}
        if any(label.synonyms for label in labels):
            forms |= {"name, synonyms", "between the two"}
        if any(label.description for label in labels):
            forms.add("name, synonyms. description")
        for form, embed in FORMS.items():
            if form not in forms:
                continue
            embedded = embed(reads_labels, labels)
            found = nearest(vectors, embedded, [label.id for label in labels], 10)
            rankings = {
                document.id: [label for label, _ in ranking]
                for document, ranking in zip(documents, found, strict=True)
            }
            ids = [document.id for document in documents]
            values = ranking_measures(rankings, gold, ids, MEASURES).values()
            shown = {
                name: round(100 * float(value), 1)
                for name, value in zip(MEASURES, values, strict=True)
            }
            print(json.dumps({"set": folder.name, "label text": form, **shown}), flush=True)


if __name__ == "__main__":
    main()
