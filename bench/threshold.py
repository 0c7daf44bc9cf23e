"""Compares the thresholds that are chosen without gold tags with the best single one by gold tags.

For a labelled folder (labels.jsonl.gz, train.jsonl.gz, test.jsonl.gz, gold-train.tsv.gz,
gold-test.tsv.gz), the output shows micro F1 on test documents, with at most ten tags each, at: the
best single threshold of the encoder alone and of encoder and words; the general threshold that the
product chooses; the product's with lower thresholds of labels that documents name; and these moved
by the judge's answers too (with --gguf). The encoder is the untrained one, or that of a run with
the same documents, seed and judge (--encoder). Judgments are kept in --store and asked once.

    python bench/threshold.py FOLDER
    python bench/threshold.py FOLDER --gguf model.gguf --documents 150 --encoder RUN/encoder
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from loop import FileStore, read_folder, run_resources

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.score_threshold import ChosenThreshold, choose_threshold
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS, word_scoring
from lmtx_search.judges.llamacpp import LlamaCppJudge
from lmtx_search.judges.order import make_order
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import PYes
from lmtx_search.settings import load_settings
from lmtx_search.tagging.versions.thresholds import Thresholds, own_thresholds
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.profiles import PROFILES
from lmtx_search.training.resources import RunResources
from lmtx_search.training.sampling import sample_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Ranking
from lmtx_search.training.targets.judge_calibration import calibrate
from lmtx_search.training.targets.pseudo_positives import first_yes
from lmtx_search.training.targets.score_calibration import score_calibration
from lmtx_search.training.teacher.judging import JudgingTask, Teacher, judge_pairs
from lmtx_search.training.trained_encoder import TrainedEncoder

MOST_TAGS = 10
DEPTH = 50
HELD_OUT = 100
HIGHEST = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gguf", type=Path, help="the judge's model file")
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
    settings = load_settings(flags={"judge.gguf": arguments.gguf} if arguments.gguf else {})
    folder = read_folder(arguments.folder, arguments.fields.split(","))
    training = replace(
        PROFILES["small"](settings.encoder),
        most_documents=arguments.documents,
        pairs_per_document=arguments.pairs,
        seed=arguments.seed,
    )
    judge: Any = None
    if arguments.gguf:
        judge = LlamaCppJudge(settings.judge, load_prompt(training.prompt))
    resources = run_resources(settings, folder, training, judge, FileStore(arguments.store))
    encoder = arguments.encoder or resources.base
    tuning = training.fine_tuning
    others = [one for one in folder.train if one.id not in {d.id for d in resources.training}]
    held_out = sample_documents(others, HELD_OUT, 0)
    texts = [one.text for one in sample_documents(folder.train, MOST_DOCUMENTS, 1)]
    reads = resources.load_encoder(encoder, tuning.document_tokens)
    words = word_scoring(reads, resources.labels, texts, tuning.windows, training.words)
    trained = TrainedEncoder(encoder, resources, tuning, words)
    calibration = None
    if arguments.gguf:
        evidence = judged(resources, training)
        calibration = score_calibration(trained, resources.training, evidence)
    chosen = choose_threshold(list(trained.rank(held_out, MOST_TAGS).values()), words.named)
    documents = sample_documents(folder.test, arguments.test, 0)
    alone = TrainedEncoder(encoder, resources, tuning)
    gold = [folder.gold_test[document.id] for document in documents]
    print(
        json.dumps(
            {
                "set": folder.name,
                "encoder alone, best": best(list(alone.rank(documents, DEPTH).values()), gold),
                **compare(list(trained.rank(documents, DEPTH).values()), gold, chosen, calibration),
            }
        )
    )


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
    rankings: Sequence[Ranking],
    gold: Sequence[Collection[str]],
    chosen: ChosenThreshold,
    calibration: Calibration | None,
) -> dict[str, object]:
    lowered = own_thresholds(chosen.value, None, HIGHEST, chosen.lowered)
    moved = own_thresholds(chosen.value, calibration, HIGHEST, chosen.lowered)
    tags = tags_of(rankings, Thresholds(chosen.value, moved))
    return {
        "best": best(rankings, gold),
        "chosen": figures(rankings, gold, Thresholds(chosen.value)),
        "chosen, labels that documents name": figures(
            rankings, gold, Thresholds(chosen.value, lowered)
        ),
        "chosen, and the judge's answers": figures(rankings, gold, Thresholds(chosen.value, moved)),
        "interval": chosen.interval,
        "labels with an own threshold": len(moved),
        "tags per document": round(sum(map(len, tags)) / len(tags), 1),
        "documents without a tag": round(sum(not found for found in tags) / len(tags), 2),
        "judged pairs": calibration.pairs if calibration else 0,
    }


def best(rankings: Sequence[Ranking], gold: Sequence[Collection[str]]) -> dict[str, float]:
    """Return the single threshold with the highest micro F1."""
    tried = [figures(rankings, gold, Thresholds(float(t))) for t in np.arange(0.02, 1.2, 0.01)]
    return max(tried, key=lambda one: one["F1"])


def figures(
    rankings: Sequence[Ranking], gold: Sequence[Collection[str]], thresholds: Thresholds
) -> dict[str, float]:
    found = tags_of(rankings, thresholds)
    right = sum(tag in of for tags, of in zip(found, gold, strict=True) for tag in tags)
    f1 = 200 * right / (sum(map(len, found)) + sum(map(len, gold)))
    return {"threshold": round(thresholds.general, 3), "F1": round(f1, 1)}


def tags_of(rankings: Sequence[Ranking], thresholds: Thresholds) -> list[list[str]]:
    return [
        [label for label, score in ranking if score >= thresholds.of(label)][:MOST_TAGS]
        for ranking in rankings
    ]


if __name__ == "__main__":
    main()
