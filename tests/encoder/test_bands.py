"""Which labels are applied and suggested, by probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.encoder.bands import LEAST_PROBABILITY, NEVER, Bands, choose_bands
from lmtx_search.encoder.score_threshold import ScoreSpread, choose_threshold

SPREAD = ScoreSpread(deviation=0.1, tags=2.0, upper=1.0)


def test_a_border_is_the_score_that_has_its_probability() -> None:
    bands = choose_bands(0.5, SPREAD, {"often": 0.45}, apply_from=0.8, suggest_from=0.3)
    for label in ("other", "often"):
        assert bands.probability(label, bands.apply_at(label)) == pytest.approx(0.8, abs=1e-3)
        assert bands.probability(label, bands.suggest_at(label)) == pytest.approx(0.3, abs=1e-3)


def test_where_more_labels_compete_each_is_less_likely() -> None:
    few, many = (
        choose_bands(0.5, ScoreSpread(0.1, tags, 1.0), {}, apply_from=0.5) for tags in (1.5, 6.0)
    )
    assert many.probability("a", 0.6) < few.probability("a", 0.6)
    assert many.apply_at() > few.apply_at()


def test_by_default_the_upper_half_of_the_labels_above_their_thresholds_is_applied() -> None:
    bands = choose_bands(0.5, ScoreSpread(0.1, 6.0, 0.8), {})
    assert bands.apply_at() == pytest.approx(0.58, abs=1e-3)


def test_by_default_a_label_is_applied_if_it_is_rather_right_than_wrong() -> None:
    assert choose_bands(0.5, ScoreSpread(0.1, 1.0, 4.0), {}).apply_from == 0.5


def test_nothing_below_the_least_suggestion_is_applied_by_default() -> None:
    bands = choose_bands(0.5, ScoreSpread(0.1, 6.0, 0.8), {}, suggest_from=0.4)
    assert (bands.apply_from, bands.suggest_from) == (0.4, 0.4)


def test_a_label_has_its_own_probabilities() -> None:
    of_labels = {"never": (1.0, None), "soon": (0.1, None), "late": (0.9, 0.6)}
    bands = choose_bands(0.5, SPREAD, {}, suggest_from=0.2, of_labels=of_labels)
    assert bands.apply_at("never") == NEVER
    assert bands.suggest_at("never") == bands.suggest_at()
    assert bands.suggest_at("soon") == bands.apply_at("soon") < bands.apply_at()
    assert bands.probability("late", bands.suggest_at("late")) == pytest.approx(0.6, abs=1e-3)


def test_no_score_is_impossible_or_too_large() -> None:
    bands = Bands(100.0, 0.0, 0.5, 0.1)
    found = bands.probabilities(np.array([-9.0, 0.0, 9.0]), bands.rows(["a", "b", "c"]))
    assert found.tolist() == [LEAST_PROBABILITY, 0.5, 1.0]


def test_the_spread_is_that_of_the_labels_above_their_thresholds() -> None:
    chosen = choose_threshold([[("a", 0.5), ("b", 0.1)], [("b", 0.6)], [("b", 0.7), ("a", 0.6)]])
    assert chosen.spread is not None
    assert chosen.spread.deviation == pytest.approx(0.1)
    assert chosen.spread.tags == pytest.approx(4 / 3, abs=1e-3)
    assert chosen.spread.upper == pytest.approx(1.5, abs=0.1)


def test_equal_scores_have_no_spread() -> None:
    assert choose_threshold([[("a", 0.5)], [("a", 0.5)]]).spread is None
