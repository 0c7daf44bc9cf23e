"""How near is the threshold that is chosen without gold to the best one that gold could choose?

For each labelled folder (labels.jsonl.gz, train.jsonl.gz, gold-train.tsv.gz): micro F1 of the
untrained encoder's tags at the rule's threshold, and at the best single threshold of all.

With --judge N, also at two thresholds of the calibration (the settings' judge's answers for the
ten nearest labels of N documents): the score that is worth a P(yes) of a half, and the one that
gives as many tags as the calibration expects among the ten nearest labels.

    python bench/threshold.py FOLDER [FOLDER …] --documents 400
    python bench/threshold.py FOLDER --fields title --judge 20
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import label_passage
from lmtx_search.judges.base import Pair
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order.base import OrderedJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_gold, read_labels
from lmtx_search.training.threshold import choose_threshold

Scores = NDArray[np.float32]
SHORTLIST = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--fields", default="title,text")
    parser.add_argument("--judge", type=int, default=0, help="documents that the judge is shown")
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
        result: dict[str, object] = {
            "set": folder.name,
            "best threshold": round(float(best), 3),
            "its F1": round(100 * micro_f1(scores, right, best), 1),
            "chosen without gold": round(chosen, 3),
            "F1 at that": round(100 * micro_f1(scores, right, chosen), 1),
        }
        if arguments.judge:
            judge = open_judge(settings, load_prompt("librarian"))
            found = calibrate(judge, documents[: arguments.judge], labels, scores)
            for name, threshold in calibrated(found, scores).items():
                f1 = micro_f1(scores, right, threshold)
                result[name] = {"threshold": round(threshold, 3), "F1": round(100 * f1, 1)}
            result["judged pairs"] = found.pairs if found else 0
        print(json.dumps(result), flush=True)


def micro_f1(scores: NDArray[np.float32], right: NDArray[np.bool_], threshold: float) -> float:
    assigned = scores >= threshold
    return float(2 * (assigned & right).sum() / (assigned.sum() + right.sum()))


def calibrate(
    judge: OrderedJudge, documents: list[Document], labels: list[Label], scores: Scores
) -> Calibration | None:
    nearest = np.argsort(-scores, axis=1)[: len(documents), :SHORTLIST]
    pairs = [
        Pair(document, labels[column], rank)
        for document, columns in zip(documents, nearest, strict=True)
        for rank, column in enumerate(columns)
    ]
    rows = {document.id: row for row, document in enumerate(documents)}
    columns = {label.id: column for column, label in enumerate(labels)}
    return fit_calibration(
        [
            (pair.label.id, float(scores[rows[pair.document.id], columns[pair.label.id]]), p_yes)
            for answer in judge.ask(pairs)
            if (pair := answer.pair) and (p_yes := answer.p_yes) is not None
        ]
    )


def calibrated(found: Calibration | None, scores: Scores) -> dict[str, float]:
    if found is None:
        return {}
    near = np.sort(scores, axis=1)[:, -SHORTLIST:]
    expected = (1 / (1 + np.exp(-(found.slope * near + found.intercept)))).sum()
    return {
        "P(yes) from a half": -found.intercept / found.slope,
        "as many as expected": float(np.quantile(scores, 1 - expected / scores.size)),
    }


if __name__ == "__main__":
    main()
