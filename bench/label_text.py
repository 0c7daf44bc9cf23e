"""What the encoder should read of a label: its name, its synonyms, its description?

Measures the untrained encoder on *training* documents of labelled sets (gold tags measure, they
train nothing), so that test documents stay unseen. A folder holds labels.jsonl.gz, train.jsonl.gz
and gold-train.tsv.gz.

    python bench/label_text.py FOLDER [FOLDER …] --documents 1000
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from pathlib import Path

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.passages import label_passage
from lmtx_search.evaluation.rankings import ranking_measures
from lmtx_search.records import Document, Label
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels

FORMS: dict[str, Callable[[Label], str]] = {
    "name": lambda label: label.text,
    "name, synonyms": label_passage,
    "name, synonyms. description": lambda label: f"{label_passage(label)}. {label.description}",
}
MEASURES = ("P@1", "P@5", "R@10")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()
    settings = load_settings(flags={"data_dir": arguments.data_dir}).settings
    reads_labels = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    reads_documents = load_encoder(settings, max_tokens=settings.encoder.document_tokens)
    for folder in arguments.folders:
        labels = list(read_labels(folder / "labels.jsonl.gz"))
        gold = read_gold(folder / "gold-train.tsv.gz")
        read = read_documents(folder / "train.jsonl.gz", "id", settings.documents.text_fields)
        documents = [x for x in read if isinstance(x, Document) and x.text and x.id in gold]
        documents = random.Random(0).sample(documents, arguments.documents)
        vectors = reads_documents.encode([document.text for document in documents])
        for form, passage in FORMS.items():
            embedded = reads_labels.encode([passage(label) for label in labels])
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
