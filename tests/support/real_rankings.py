"""Real rankings to measure: see ``about`` in tests/data/rankings.json."""

from __future__ import annotations

import json

from lmtx_search.evaluation.metrics.label_frequencies import Frequencies
from lmtx_search.evaluation.metrics.measure import Output
from tests.support.paths import DATA

_DATA = json.loads((DATA / "rankings.json").read_text())
_ROWS = {f"d{row:03}": document for row, document in enumerate(_DATA["documents"])}

LABELS = [str(row) for row in range(len(_DATA["train_counts"]))]
GOLD = {id_: set(map(str, row["gold"])) for id_, row in _ROWS.items()}
TRAIN = Frequencies(
    {str(row): count for row, count in enumerate(_DATA["train_counts"]) if count},
    _DATA["train_documents"],
)


def _output(name: str, tags: str) -> Output:
    rankings = {id_: list(map(str, row[name])) for id_, row in _ROWS.items()}
    return Output(rankings, {id_: rankings[id_][: row[tags]] for id_, row in _ROWS.items()})


MINILM = _output("minilm", "tags")
TFIDF = _output("tfidf", "tfidf_tags")
