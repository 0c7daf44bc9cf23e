"""A made-up training run with real rankings, for the report's tests."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from lmtx_search.evaluation.metrics.measure import measure, weigh
from lmtx_search.evaluation.report.answers import answer_statistics
from lmtx_search.evaluation.report.data import ReportData
from lmtx_search.evaluation.report.examples import examples
from lmtx_search.evaluation.report.health import label_health
from lmtx_search.records import Document, Judgment, Label
from tests.support.real_rankings import GOLD, LABELS, MINILM, TFIDF, TRAIN

NAMES = {id_: Label(id_, f"label <{id_}> & more") for id_ in LABELS}
DOCUMENTS = [Document(id_, f"Title <b>{id_}</b>\nThe text of {id_}") for id_ in GOLD]


def record() -> dict[str, Any]:
    """What `train` keeps, as far as the report reads it."""
    measures = {
        "llm_p1": 0.5,
        "llm_p1_before": 0.375,
        "llm_p1_documents": 40,
        "llm_p1_yes_from": 0.31,
        "pairs_per_second": 1.7,
    }
    counts = {
        "labels": 50,
        "documents": 900,
        "judged_documents": 60,
        "judged_pairs": 240,
        "asked": 200,
        "known": 40,
        "neither": 3,
        "documents_with_positive": 60,
        "positives": 71,
    }
    return {
        "at": "2026-01-31T12:00:00+00:00",
        "encoder": "sentence-transformers/all-MiniLM-L6-v2",
        "judge": {"model": "a-judge:0.5b", "prompt": "librarian"},
        "counts": counts,
        "measures": measures,
        "cycles": [{"measures": measures}, {"measures": {**measures, "llm_p1": 0.55}}],
        "kept_cycle": 2,
        "stopped": "as many cycles as were asked for (2)",
        "seconds": {"judge": 130.2, "train": 41.0, "shortlist": 6.0, "all": 190.1},
    }


def gathered(gold: bool = True) -> ReportData:
    """All that a report tells; with or without gold tags."""
    tags = MINILM.tags or {}
    random = np.random.default_rng(1)
    vectors = random.normal(size=(len(LABELS), 16)).astype(np.float32)
    vectors[1] = vectors[0]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    judgments = [
        Judgment(str(n), f"d{n % 30:03}", LABELS[n % 50], float(p), n % 10, "j", "p")
        for n, p in enumerate(random.random(300))
    ]
    scores = {id_: 0.9 - row / 1000 for row, id_ in enumerate(GOLD)}
    texts = {id_: label.text for id_, label in NAMES.items()}
    good, bad = examples(DOCUMENTS, tags, texts, GOLD if gold else None, scores)
    weighing = weigh(TRAIN)
    outputs = {"BM25": TFIDF, "untrained": TFIDF, "this run": MINILM} if gold else {}
    quality = {
        name: {m: asdict(one) for m, one in measure(output, GOLD, weighing).estimates().items()}
        for name, output in outputs.items()
    }
    return ReportData(
        run="20260131-120000-1a2b3c",
        record=record(),
        labels=NAMES,
        documents=len(GOLD),
        what=f"{len(GOLD)} documents of test.jsonl",
        quality=quality,
        compared=None,
        by_judge=None,
        deployed=None,
        cycles=[quality["untrained"], quality["this run"]] if gold else [],
        notes=["Malformed lines that were skipped: 2"],
        answered=answer_statistics(
            judgments, 0.31, lambda one: one.label_id in GOLD[one.document_id] if gold else None
        ),
        health=label_health(tags, LABELS, vectors, GOLD if gold else None),
        good=good,
        bad=bad,
        assigned="A label is applied if its score is 0.57 or more",
        people=0,
    )
