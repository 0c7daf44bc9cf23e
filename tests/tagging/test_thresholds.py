"""From which score a label is a tag: one threshold, and labels with their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.encoder.calibration import LARGEST, Calibration
from lmtx_search.evaluation.systems import tagger as system_of
from lmtx_search.progress import SILENT
from lmtx_search.records import Document
from lmtx_search.settings import Settings
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.thresholds import LEAST_SCORE, Thresholds, own_thresholds
from tests.support.tiny_tagger import LABELS, version_of


def test_a_label_has_its_own_threshold_or_the_general_one() -> None:
    thresholds = Thresholds(0.3, {"b": 0.4, "c": -1.0})
    assert thresholds.rows(["a", "b", "c"]).tolist() == pytest.approx([0.3, 0.4, LEAST_SCORE])
    assert Thresholds(-1.0).of("a") == LEAST_SCORE


def test_at_each_labels_own_threshold_the_probability_is_the_same() -> None:
    calibration = Calibration(20.0, -8.0, 100, {"liked": 1.0, "disliked": -0.5})
    own = own_thresholds(0.4, calibration)
    assert own == {"liked": 0.35, "disliked": 0.425}
    expected = calibration.probability("other", 0.4)
    for label, threshold in own.items():
        assert calibration.probability(label, threshold) == pytest.approx(expected)
    assert own_thresholds(0.4, None) == {}


def test_documents_that_name_a_label_and_answers_move_its_threshold_together() -> None:
    calibration = Calibration(20.0, -8.0, 100, {"liked": 0.8})
    own = own_thresholds(0.4, calibration, lowered={"liked": 0.05, "named": 0.02})
    assert own == {"liked": 0.31, "named": 0.38}
    assert own_thresholds(0.4, None, lowered={"named": 0.02}) == {"named": 0.38}


def test_answers_of_the_judge_move_no_threshold_far() -> None:
    calibration = Calibration(10.0, -4.0, 100, {"liked": 9.0, "disliked": -9.0})
    own = own_thresholds(0.4, calibration)
    assert own == {"liked": round(0.4 - LARGEST, 4), "disliked": 0.4 + LARGEST}


@pytest.mark.parametrize("slope", [0.0, 0.003, 1.0])
def test_a_judge_whose_answers_hardly_follow_the_score_hardly_moves_a_threshold(
    slope: float,
) -> None:
    own = own_thresholds(0.4, Calibration(slope, 0.1, 600, {"liked": 0.06}))
    assert own == {"liked": 0.39}


def test_a_labels_own_threshold_is_at_most_the_highest_score() -> None:
    calibration = Calibration(10.0, -4.0, 100, {"disliked": -0.5})
    assert own_thresholds(0.98, calibration) == {"disliked": 1.0}
    assert own_thresholds(0.98, calibration, highest=1.5) == {"disliked": 1.03}


def test_labels_are_assigned_from_their_own_thresholds_on(tmp_path: Path) -> None:
    usual = version_of(tmp_path / "one", threshold=0.2)
    text = "chess chess mail"
    first, second = Tagger(usual).tag([text])[0]
    stricter = version_of(tmp_path / "two", 0.2, own_thresholds={first.label_id: 0.999})
    (left, *_) = Tagger(stricter).tag([text])[0]
    assert left == second
    assert [x.assigned for x in explain(Tagger(stricter), text) if x.name == first.name] == [False]
    assert TaggerVersions(tmp_path / "two").get(stricter.manifest.version) == stricter
    found = system_of(Settings(), stricter, "x").rank([Document("d", text)], SILENT)
    assert found.tags is not None
    assert found.tags["d"][0] == second.label_id
    assert found.rankings["d"][0] == first.label_id
    assert len(LABELS) == len(found.rankings["d"])
