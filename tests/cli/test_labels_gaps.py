"""What `labels gaps` prints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lmtx_search.cli.context import Context
from lmtx_search.cli.labels_gaps import _show_labels, _show_themes
from lmtx_search.gaps.report import Gaps, SuggestedLabel, Theme, UnusedLabel

THEME = Theme(4, ["roses"], "Mail", 0.1, 0.5, [], "lmtx-search labels add roses roses")
GAPS = Gaps(
    index="library",
    tagger="v1",
    labels=3,
    documents=9,
    without_text=0,
    untouched=0,
    uncounted=[],
    themes=[THEME],
    themes_found=1,
    near_duplicates=[],
    near_duplicates_found=0,
    near_duplicates_excluded=0,
    suggested=[],
    suggested_found=0,
    unused=[],
    unused_found=0,
    unused_needed=0,
    rejected=[],
    rejected_found=0,
)


@pytest.mark.parametrize(
    ("terms", "said"),
    [([], "no word is in several of them"), (["mail"], "a label has each of these names")],
)
def test_a_theme_without_a_name_says_so_in_place_of_a_command(
    capsys: pytest.CaptureFixture[str], terms: list[str], said: str
) -> None:
    _show_themes(Context(), replace(GAPS, themes=[replace(THEME, terms=terms, command=None)]))
    shown = capsys.readouterr().out
    assert f"No name is proposed: {said}" in shown
    assert "labels add" not in shown
    assert "The names are proposals" not in shown


def test_labels_that_are_not_listed_and_fields_that_are_not_counted_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _show_labels(Context(), replace(GAPS, unused_needed=2, uncounted=["own_tags"]))
    shown = capsys.readouterr().out
    assert "2 more are for people only or have narrower labels" in shown
    assert "The field own_tags of library is no keyword" in shown


def test_answers_of_people_that_do_not_count_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _show_labels(Context(), replace(GAPS, opinions_left_out=3))
    assert "3 answers of people do not count" in capsys.readouterr().out


def test_what_rules_and_suggestions_leave_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    queue = SuggestedLabel("c", "Chess", 2, "lmtx-search ui --index library", "/decide?label=Chess")
    unused = UnusedLabel("m", "Mail", None, None, "lmtx-search labels retire m")
    some = replace(
        GAPS,
        near_duplicates_excluded=4,
        suggested=[queue],
        suggested_found=1,
        unused=[unused],
        unused_found=1,
    )
    _show_labels(Context(), some)
    shown = capsys.readouterr().out
    assert "4 more exclude each other by the rules, and are not listed" in shown
    assert "Chess: suggested for 2 documents" in shown
    assert "lmtx-search ui --index library, and open /decide?label=Chess" in shown
    assert "Mail: no document of the sample is of its group" in shown
