"""Compares the threshold that is chosen without gold tags with the best one by gold tags.

For a labelled folder (labels.jsonl.gz, train.jsonl.gz, test.jsonl.gz, gold-train.tsv.gz,
gold-test.tsv.gz), the output shows micro F1 on test documents, with at most ten tags each, at four
thresholds: the best single one; the score that the first label of nine of ten documents reaches;
the product's, which the judge's answers decide; and the product's with own thresholds of labels.
The encoder is the untrained one, or that of a run with the same documents, seed and judge
(--encoder). Judgments are kept in --store and asked once.

    python bench/threshold.py FOLDER --gguf model.gguf --documents 150
    python bench/threshold.py FOLDER --gguf model.gguf --documents 150 --encoder RUN/encoder
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from loop import FileStore, Folder, read_folder, run_resources

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.judges.llamacpp import LlamaCppJudge
from lmtx_search.judges.order import make_order
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import PYes
from lmtx_search.settings import load_settings
from lmtx_search.tagging.scoring.ranking import top_scores
from lmtx_search.tagging.versions.thresholds import Thresholds, own_thresholds
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.profiles import PROFILES
from lmtx_search.training.resources import RunResources
from lmtx_search.training.sampling import sample_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.targets.judge_calibration import calibrate
from lmtx_search.training.targets.pseudo_positives import first_yes
from lmtx_search.training.targets.score_calibration import score_calibration
from lmtx_search.training.targets.threshold import choose_threshold
from lmtx_search.training.teacher.judging import JudgingTask, Teacher, judge_pairs
from lmtx_search.training.trained_encoder import TrainedEncoder

MOST_TAGS = 10
HELD_OUT = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gguf", type=Path, required=True, help="the judge's model file")
    parser.add_argument("--fields", default="title,text")
    parser.add_argument(
        "--documents", type=int, default=150, help="training documents, a tenth of them held out"
    )
    parser.add_argument("--pairs", type=int, default=4, help="judged labels per document")
    parser.add_argument("--test", type=int, default=400, help="test documents")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--store", type=Path, default=Path("judgments.jsonl"))
    arguments = parser.parse_args()
    settings = load_settings(flags={"judge.gguf": arguments.gguf})
    folder = read_folder(arguments.folder, arguments.fields.split(","))
    training = replace(
        PROFILES["small"](settings.encoder),
        most_documents=arguments.documents,
        pairs_per_document=arguments.pairs,
        seed=arguments.seed,
    )
    judge = LlamaCppJudge(settings.judge, load_prompt(training.prompt))
    resources = run_resources(settings, folder, training, judge, FileStore(arguments.store))
    evidence = judged(resources, training)
    trained = TrainedEncoder(arguments.encoder or resources.base, resources, training.fine_tuning)
    calibration = score_calibration(trained, resources.training, evidence)
    known = {document.id for document in resources.training}
    others = [document for document in folder.train if document.id not in known]
    held_out = sample_documents(others, HELD_OUT, 0)
    rankings = list(trained.rank(held_out, MOST_TAGS).values())
    print(json.dumps(compare(folder, trained, rankings, calibration, arguments.test)))


def judged(resources: RunResources, training: TrainingSettings) -> PYes:
    """Return the probability that each judged label of a training document is right."""
    encoder, search = resources.open_base()
    shortlister = open_shortlister(
        encoder,
        search,
        training.shortlist,
        documents=resources.training,
        labels=len(resources.labels),
        tokens=training.fine_tuning.document_tokens,
        centered=training.centered,
        retrieval=training.retrieval,
    )
    labels = {label.id: label for label in resources.labels}
    asked = judge_pairs(
        Teacher(resources.judge, make_order(training.order, first_yes(training)), resources.store),
        shortlister.pairs(resources.training, labels, training.pairs_per_document),
        JudgingTask("Judge pairs"),
    )
    return calibrate(asked.p_yes, asked.nearness, training.sure_share)


def compare(
    folder: Folder,
    trained: TrainedEncoder,
    rankings: list[list[tuple[str, float]]],
    calibration: Calibration | None,
    test: int,
) -> dict[str, object]:
    documents = sample_documents(folder.test, test, 0)
    vectors = trained.encoder.encode([document.text for document in documents])
    scores = vectors @ trained.label_vectors.T
    ids = [label.id for label in folder.labels]
    gold = [folder.gold_test[document.id] for document in documents]

    def f1(thresholds: Thresholds) -> float:
        tags = top_scores(scores, MOST_TAGS, thresholds.rows(ids))
        right = sum(
            ids[row] in tags_ for found, tags_ in zip(tags, gold, strict=True) for row, _ in found
        )
        return 200 * right / (sum(map(len, tags)) + sum(map(len, gold)))

    best = max(np.arange(0.02, 0.95, 0.01), key=lambda threshold: f1(Thresholds(float(threshold))))
    covering, _ = choose_threshold(rankings)
    chosen, rule = choose_threshold(rankings, calibration)
    own = own_thresholds(chosen, calibration)
    tags = top_scores(scores, MOST_TAGS, Thresholds(chosen, own).rows(ids))
    result: dict[str, object] = {"set": folder.name}
    for name, thresholds in (
        ("best", Thresholds(float(best))),
        ("nine of ten", Thresholds(covering)),
        ("chosen", Thresholds(chosen)),
        ("chosen, with own thresholds", Thresholds(chosen, own)),
    ):
        result[name] = {"threshold": round(thresholds.general, 3), "F1": round(f1(thresholds), 1)}
    return {
        **result,
        "rule": rule,
        "labels with an own threshold": len(own),
        "tags per document": round(sum(map(len, tags)) / len(tags), 1),
        "documents without a tag": round(sum(not found for found in tags) / len(tags), 2),
        "judged pairs": calibration.pairs if calibration else 0,
    }


if __name__ == "__main__":
    main()
