"""Recall@10 of shortlists, by nearness, by words and by both, in an OpenSearch of its own.

For each FOLDER (see bench/loop.py) the labels are loaded into an embedded OpenSearch. Shortlists of
training documents are made by the untrained encoder, as the first cycle of a training makes them:

    python bench/shortlists.py ../sets/cooking ../sets/travel --documents 300

dense    the nearest labels (centered, if the collection has hubs)
bm25     OpenSearch's BM25 of all words of the document against the labels
named    the labels that the document names, ranked by BM25; nothing else
hybrid   dense and named, fused by rank in the label index

Gold tags are used for measuring alone. Prints a line of JSON for each set, in percent; `first` is
the share of documents whose first label is right, and `seconds` are those without embedding.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path

import numpy as np
from loop import Folder, read_folder
from numpy.typing import NDArray

from lmtx_search import load_labels, load_settings
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.bm25 import rank_bm25
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.library import bootstrap_index
from lmtx_search.records import Document
from lmtx_search.settings import Settings
from lmtx_search.training.centering import SAMPLE, open_shortlister
from lmtx_search.training.named_labels import NamedLabels
from lmtx_search.training.sampling import sample_documents
from lmtx_search.words.names import DocumentWords

SIZE = 10
PROGRAM = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]


class RememberingEncoder:
    """Embeds a text once, so that the seconds of a way are those of its searches."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}
        self.digest, self.dimension = encoder.digest, encoder.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed the texts."""
        new = [text for text in texts if text not in self._known]
        self._known.update(zip(new, self._encoder.encode(new), strict=True) if new else ())
        return np.stack([self._known[text] for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--documents", type=int, default=300, help="of each set")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as work:
            # OpenSearch may run as another user.
            Path(work).chmod(0o755)
            command = [*PROGRAM, "--data-dir", work]
            up = [*command, "up", "--without-judge", "--without-tagger"]
            subprocess.run(up, check=True, stdout=sys.stderr)
            try:
                settings = load_settings(flags={"data_dir": work})
                found = measured(settings, read_folder(folder), options.documents, options.seed)
            finally:
                subprocess.run([*command, "down"], check=True, stdout=sys.stderr)
        print(json.dumps({"set": folder.name, **found}), flush=True)


def measured(settings: Settings, folder: Folder, documents: int, seed: int) -> dict[str, object]:
    """Return recall, first labels and seconds by way of finding labels."""
    bootstrap_index(settings)
    load_labels(settings, folder.labels)
    client = connect(settings.opensearch)
    index = LabelIndex(client)
    tokens = settings.encoder.document_tokens
    encoder = RememberingEncoder(load_encoder(settings, max_tokens=tokens))
    sample = sample_documents(folder.train, max(documents, SAMPLE), seed)
    chosen = sample[:documents]
    encoder.encode([document.text for document in sample])

    def by_encoder(retrieval: str) -> list[list[str]]:
        shortlister = open_shortlister(
            encoder,
            index.search,
            SIZE,
            documents=sample,
            labels=len(folder.labels),
            tokens=tokens,
            retrieval=retrieval,
        )
        return [[id_ for id_, _ in ranking] for _, ranking in shortlister.shortlists(chosen)]

    def by_bm25() -> list[list[str]]:
        rankings = rank_bm25(client, [document.text for document in chosen], SIZE)
        return [[id_ for id_, _ in ranking] for ranking in rankings]

    def by_names() -> list[list[str]]:
        names = NamedLabels(folder.labels)
        words = DocumentWords((document.text for document in sample[:SAMPLE]), tokens)
        found = [names.find(words(document.text))[:SIZE] for document in chosen]
        return [[folder.labels[row].id for row, _ in ranking] for ranking in found]

    ways: dict[str, Callable[[], list[list[str]]]] = {
        "dense": lambda: by_encoder("dense"),
        "bm25": by_bm25,
        "named": by_names,
        "hybrid": lambda: by_encoder("hybrid"),
    }
    recall, first, seconds = {}, {}, {}
    for name, way in ways.items():
        started = time.monotonic()
        found = way()
        seconds[name] = round(time.monotonic() - started, 1)
        recall[name], first[name] = _shares(chosen, found, folder.gold_train)
    return {
        "labels": len(folder.labels),
        "documents": len(chosen),
        "recall@10": recall,
        "first": first,
        "seconds": seconds,
    }


def _shares(
    documents: Sequence[Document], found: Sequence[Sequence[str]], gold: Mapping[str, Set[str]]
) -> tuple[float, float]:
    recall = first = 0.0
    for document, labels in zip(documents, found, strict=True):
        right = gold[document.id]
        recall += len(right.intersection(labels)) / len(right)
        first += bool(labels) and labels[0] in right
    return tuple(round(100 * total / len(documents), 1) for total in (recall, first))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
