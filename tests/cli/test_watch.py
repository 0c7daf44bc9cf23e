"""What `lmtx-search watch` says."""

from __future__ import annotations

import pytest

from lmtx_search.cli.context import Context
from lmtx_search.cli.watch import _tell
from lmtx_search.watching.precision import Precision
from lmtx_search.watching.precision_check import PrecisionCheck


def test_tags_without_a_label_are_replaced_by_a_retag_of_everything(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = PrecisionCheck(None, 3, None, None, False, (), (), 0.5, asked=2, unknown=4)
    _tell(Context(), "articles", found)
    told = capsys.readouterr().out
    assert "4 tags are left out" in told
    assert "`lmtx-search retag --index articles --everything` replaces them" in told
    assert "--keep-retired" in told


def test_tags_without_an_answer_are_counted_by_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = Precision(0.5, 0.4, 0.6, 3, 4)
    found = PrecisionCheck("r", 3, now, None, False, (), ("v1",), 0.5, asked=9, neither=3, failed=2)
    _tell(Context(), "articles", found)
    told = capsys.readouterr().out
    assert "5 tags are left out: the judge answered neither yes nor no for 3" in told
    assert "its server failed on 2" in told
