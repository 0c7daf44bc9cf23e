"""What is said about the scores from which labels are applied and suggested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lmtx_search.encoder.score_threshold import ScoreSpread
from lmtx_search.settings import DocumentSettings
from lmtx_search.tagging.deployment.assigned_from import assigned_from
from lmtx_search.tagging.deployment.encoder_source import EncoderSource

SOURCE = EncoderSource(Path("x"), "run 1", "1", threshold=0.5, spread=ScoreSpread(0.1, 2.0, 1.0))


def test_the_scores_are_those_of_a_deployment_and_not_the_threshold_of_training() -> None:
    settings = DocumentSettings()
    said = assigned_from(SOURCE, settings)
    applied = SOURCE.applied_from(settings).general
    assert applied > 0.55
    assert said.startswith(f"A label is applied if its score is {applied:.2f} or more (probability")
    assert "suggested if its score is 0." in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (DocumentSettings(review_first=True), "No label is applied (documents.review_first)"),
        (DocumentSettings(apply_from=1.0), "No label is applied (documents.apply_from)"),
    ],
)
def test_settings_by_which_nothing_is_applied_are_named(
    settings: DocumentSettings, said: str
) -> None:
    assert assigned_from(SOURCE, settings).startswith(f"{said}; a label is suggested if")


def test_without_probabilities_there_is_one_score_and_labels_may_have_their_own() -> None:
    source = replace(SOURCE, spread=None, lowered={"often": 0.1})
    assert assigned_from(source, DocumentSettings()) == (
        "A label is applied if its score is 0.50 or more; labels with scores of their own: 1"
    )
