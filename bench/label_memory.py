"""Memory of a tagger process against the number of labels, with evidence from words.

Each number of labels is measured in a process of its own. Embeddings are random, because memory
does not depend on them. If the file has too few labels, they are repeated with a number in their
name.

    python bench/label_memory.py labels.jsonl.gz --counts 1000 10000 100000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from lmtx_search.encoder.load import load_encoder
from lmtx_search.records import Label
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_labels
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.contents import TaggingRule, VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.words.importance import word_importance
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring

_TEXTS = ["A player moves the king and the pawns of a chess board."] * 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path, help="JSONL")
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--encoder", type=Path, help="folder of the encoder")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    rows = []
    for count in arguments.counts:
        with tempfile.TemporaryDirectory() as folder:
            make_version(Path(folder), arguments.labels, count, arguments.encoder)
            command = [sys.executable, __file__, str(arguments.labels), "--measure", folder]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append({"labels": count, **json.loads(done.stdout)})
            print(json.dumps(rows[-1]), flush=True)
    first, last = rows[0], rows[-1]
    growth = (last["megabytes"] - first["megabytes"]) * 1e6 / (last["labels"] - first["labels"])
    print(json.dumps({"bytes_per_label": round(growth)}))


def make_version(folder: Path, file: Path, count: int, encoder_folder: Path | None) -> None:
    """Make a version of the settings' encoder with so many labels."""
    settings = load_settings(flags={})
    read = [label for label in read_labels(file) if isinstance(label, Label)]
    labels = [
        Label(f"{label.id}-{number}", f"{label.text} {number // len(read) or ''}".strip())
        for number, label in enumerate(islice(cycle(read), count))
    ]
    tokens = settings.encoder.document_tokens
    encoder = load_encoder(settings, max_tokens=tokens, folder=encoder_folder, precision="int8")
    vectors = np.random.default_rng(0).normal(size=(count, encoder.dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = encoder.word_tokens()
    importance = word_importance([words.words(ids) for ids in encoder.tokens(_TEXTS)], len(words))
    TaggerVersions(folder).create(
        VersionEncoder(encoder.folder, "memory", encoder.digest, "int8", tokens),
        VersionLabels(labels, vectors.astype(np.float32)),
        TaggingRule(0.3, 10),
        WordScoring(DEFAULT_WEIGHTS, importance),
    )


def measure(folder: Path) -> dict[str, int]:
    """Load the only version of a folder, tag, and return what the process holds then and held."""
    versions = TaggerVersions(folder)
    tagger = Tagger(versions.get(versions.names()[0]))
    for _ in range(3):
        tagger.tag(_TEXTS)
    status = Path(f"/proc/{os.getpid()}/status").read_text().splitlines()
    values = {line.split(":")[0]: line.split()[1] for line in status if line.startswith("Vm")}
    return {
        "megabytes": round(int(values["VmRSS"]) * 1024 / 1e6),
        "highest_megabytes": round(int(values["VmHWM"]) * 1024 / 1e6),
    }


if __name__ == "__main__":
    main()
