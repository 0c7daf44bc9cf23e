"""Forty short documents about eight labels: enough to train on in seconds."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Run

LABELS = {
    "browser": "web browsers",
    "chess": "chess",
    "mail": "electronic mail",
    "astronomy": "astronomy",
    "music": "music players",
    "database": "databases",
    "spell": "spelling",
    "photo": "photography",
}
SMALL = (
    *("--judge-budget", "20", "--pairs-per-document", "2", "--least-documents", "2"),
    *("--shortlist", "4", "--epochs", "1"),
)
"""Options of `train` for this collection."""


def load_small_collection(lmtx: Run, folder: Path) -> Path:
    """Set the cluster up with labels and training documents; return the folder of the files."""
    labels = [{"id": id_, "text": text} for id_, text in LABELS.items()]
    documents = [
        {"id": f"{id_}-{n}", "title": f"Program {n} about {text}", "text": f"It is for {text}."}
        for id_, text in LABELS.items()
        for n in range(5)
    ]
    for name, rows in (("labels", labels), ("documents", documents)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (folder / "gold.tsv").write_text("".join(f"{d['id']}\t{d['id'][:-2]}\n" for d in documents))
    for words in (
        ("bootstrap-index",),
        ("labels", "load", "labels.jsonl"),
        ("docs", "load", "documents.jsonl"),
    ):
        done = lmtx(*words)
        assert done.returncode == 0, done.stderr
    return folder
