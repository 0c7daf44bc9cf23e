"""The labels above a document's tags, without a cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.records import Tag
from lmtx_search.rules import Rules
from lmtx_search.tagging.scoring.broader import BroaderFacts
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.scoring.weights import answer_of
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.label_matrix import LabelRows
from tests.support.tiny_tagger import LABELS, TEXTS, version_of

# "gone" was retired, and "sport" and "leisure" are above each other.
ABOVE = {
    "chess": ("board", "sport"),
    "board": ("games",),
    "cards": ("games", "gone"),
    "sport": ("leisure",),
    "leisure": ("sport",),
}
IDS = ["chess", "cards", "board", "sport", "games", "leisure"]
ROWS = LabelRows.of(IDS, IDS, np.zeros((len(IDS), 0), dtype=np.float32), broader=ABOVE)
SCORES = {"chess": 0.6, "cards": 0.5}


def broader(rejected: set[str], rules: Rules | None = None) -> dict[str, float]:
    tags = [Tag(name, name, score) for name, score in SCORES.items()]
    weights = SCORES | BroaderFacts(ROWS, rules).weights(tags)
    return dict(answer_of(weights, frozenset(rejected)).broader)


@pytest.mark.parametrize(
    ("rejected", "left"),
    [
        (set(), {"board": 0.6, "sport": 0.6, "games": 1.1, "leisure": 0.6}),
        ({"chess"}, {"games": 0.5}),
        ({"cards"}, {"board": 0.6, "sport": 0.6, "games": 0.6, "leisure": 0.6}),
        ({"chess", "cards"}, {}),
        ({"board"}, {"sport": 0.6, "games": 1.1, "leisure": 0.6}),
    ],
)
def test_labels_above_a_rejected_tag_alone_stay_away(
    rejected: set[str], left: dict[str, float]
) -> None:
    assert broader(rejected) == pytest.approx(left)


def test_a_document_without_labels_above_its_tags_gets_no_longer_answer(tmp_path: Path) -> None:
    labels = [replace(one, broader=("1",) if one.id == "2" else ()) for one in LABELS]
    plain, with_broader = (
        Tagger(version_of(tmp_path / name, labels=labels, broader_tags=name == "broader"))
        for name in ("plain", "broader")
    )
    answers = [
        [tagger.weights(one) for one in tagger.decide(TEXTS)] for tagger in (plain, with_broader)
    ]
    more = [len(with_) - len(without) for without, with_ in zip(*answers, strict=True)]
    assert more == ["mail" in weights for weights in answers[0]]
    assert set(more) == {0, 1}


def test_an_answer_tells_about_labels_as_they_were_when_they_were_compared(tmp_path: Path) -> None:
    labels = [replace(one, broader=("1",) if one.id == "2" else ()) for one in LABELS]
    version = version_of(tmp_path, labels=labels, broader_tags=True)
    tagger = Tagger(version)
    decisions = tagger.decide(TEXTS)
    before = [tagger.weights(one) for one in decisions]
    digest = version.manifest.encoder_digest
    write_change(version.folder, digest, [], np.empty((0, version.manifest.dimension)), ["1"])
    after = [tagger.weights(one) for one in tagger.decide(TEXTS)]
    assert after != before
    assert [tagger.weights(one) for one in decisions] == before
