"""Measures the bands against gold tags, for score records of taggers or for a tagger version.

A record is an .npz file: labels (ids), test_rows int32[n, k] and test_scores float32[n, k] (the
best labels of each test document), test_right bool[n, k] (right by gold), test_gold_counts
int64[n], train_rows and train_scores (the same of training documents) and named (number of training
documents that name a label, 0 where common). Threshold and bands are chosen on 300 of the training
documents, as a deployment chooses them; gold tags only measure.

For a version, the second argument is a labelled folder (see bench/loop.py); its own bands count.

    python bench/bands.py RECORD.npz [RECORD.npz …]
    python bench/bands.py --version data/taggers/VERSION FOLDER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from loop import read_folder
from numpy.typing import NDArray

from lmtx_search.encoder.bands import MOST_SUGGESTIONS, choose_bands
from lmtx_search.encoder.score_threshold import RANKED, choose_threshold
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.thresholds import own_thresholds
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.training.sampling import sample_documents

MOST_TAGS = 10
DOCUMENTS = 300
BINS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", type=Path, nargs="+")
    parser.add_argument("--version", type=Path, help="folder of a tagger version")
    parser.add_argument("--test", type=int, default=400, help="test documents of a folder")
    parser.add_argument("--apply-from", type=float, help="documents.apply_from, for records")
    arguments = parser.parse_args()
    for what in arguments.what:
        figures = (
            of_record(what, arguments.apply_from)
            if arguments.version is None
            else of_version(arguments.version, what, arguments.test)
        )
        print(json.dumps({"set": what.stem, **figures}))


def of_record(file: Path, apply_from: float | None) -> dict[str, Any]:
    record = np.load(file, allow_pickle=True)
    ids = [str(id_) for id_ in record["labels"]]
    named = {id_: int(count) for id_, count in zip(ids, record["named"], strict=True) if count}
    train = zip(record["train_rows"][:DOCUMENTS], record["train_scores"][:DOCUMENTS], strict=True)
    rankings = [
        [(ids[row], float(score)) for row, score in zip(rows, scores, strict=True)][:RANKED]
        for rows, scores in train
    ]
    chosen = choose_threshold(rankings, named)
    assert chosen.spread is not None, "all best scores are equal"
    own = own_thresholds(chosen.value, None, 9.0, chosen.lowered)
    bands = choose_bands(chosen.value, chosen.spread, own, apply_from=apply_from)
    rows, scores, right = record["test_rows"], record["test_scores"], record["test_right"]
    offsets = bands.rows(ids)[rows]
    probabilities = bands.probabilities(scores, offsets)
    least = np.array([own.get(id_, chosen.value) for id_ in ids])[rows]
    before = first(scores >= least, MOST_TAGS)
    applied = first(probabilities >= bands.apply_from, MOST_TAGS)
    suggested = first((probabilities >= bands.suggest_from) & ~applied, MOST_SUGGESTIONS)
    gold = int(record["test_gold_counts"].sum())
    shown = applied | suggested
    recall = int((right & before).sum()) / gold
    return {
        "threshold alone": {
            "precision": share(right[before]),
            "recall": round(recall, 3),
            "F1": f1(right, before, gold),
            "tags": round(before.sum() / len(before), 2),
        },
        "apply_from": bands.apply_from,
        **measures(probabilities, right, applied, suggested, gold),
        "share of the tags": round(int(applied.sum()) / int(before.sum()), 2),
        "times the recall": round(int((right & shown).sum()) / gold / recall, 2),
    }


def of_version(folder: Path, data: Path, test: int) -> dict[str, Any]:
    version = TaggerVersion.read(folder)
    bands = version.manifest.bands
    assert bands is not None, "a version of an earlier release has no bands"
    labelled = read_folder(data, ["title", "text"])
    documents = sample_documents(labelled.test, test, 0)
    decisions = Tagger(version).decide([document.text for document in documents])
    most = version.manifest.max_tags + version.manifest.most_suggested
    probabilities = np.zeros((len(documents), most))
    right, applied, suggested = (np.zeros((len(documents), most), dtype=bool) for _ in range(3))
    for at, (document, decision) in enumerate(zip(documents, decisions, strict=True)):
        gold = labelled.gold_test[document.id]
        for column, tag in enumerate([*decision.applied, *decision.suggested]):
            probabilities[at, column] = tag.probability
            right[at, column] = tag.label_id in gold
            is_applied = column < len(decision.applied)
            (applied if is_applied else suggested)[at, column] = True
    count = sum(len(labelled.gold_test[document.id]) for document in documents)
    return {
        "apply_from": bands.apply_from,
        **measures(probabilities, right, applied, suggested, count),
    }


def measures(
    probabilities: NDArray[np.float64],
    right: NDArray[np.bool_],
    applied: NDArray[np.bool_],
    suggested: NDArray[np.bool_],
    gold: int,
) -> dict[str, Any]:
    shown = applied | suggested
    return {
        "applied": {
            "precision": share(right[applied]),
            "recall": round(int((right & applied).sum()) / gold, 3),
            "F1": f1(right, applied, gold),
            "tags": round(applied.sum() / len(applied), 2),
        },
        "suggested": {
            "precision": share(right[suggested]),
            "labels": round(suggested.sum() / len(suggested), 2),
        },
        "recall of both": round(int((right & shown).sum()) / gold, 3),
        "ECE": round(calibration_error(probabilities[shown], right[shown]), 3),
    }


def first(mask: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Keep the first columns of each row that are set."""
    return mask & (np.cumsum(mask, axis=1) <= most)


def f1(right: NDArray[np.bool_], given: NDArray[np.bool_], gold: int) -> float:
    return round(2 * int((right & given).sum()) / (int(given.sum()) + gold), 3)


def share(right: NDArray[np.bool_]) -> float | None:
    return round(float(right.mean()), 3) if right.size else None


def calibration_error(probabilities: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return sum(
        float(abs(probabilities[bins == one].mean() - right[bins == one].mean()))
        * float((bins == one).mean())
        for one in np.unique(bins)
    )


if __name__ == "__main__":
    main()
