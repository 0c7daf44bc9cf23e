"""A new tagger's test in the cluster is repeated if the node was only too busy to connect."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.errors import LmtxError
from lmtx_search.records import Label
from lmtx_search.tagging.deployment import pipeline_check

URL = "http://127.0.0.1:8787"
TAGGED = {"tagging": {"status": "tagged", "tagger": "v1"}}
# The reason that ML Commons gives; a node gives it only under load, so the answers are made here.
BUSY = {"tagging": {"status": "pending", "error": "Acquire operation took longer than the …"}}
OTHER = {"tagging": {"status": "pending", "error": "the answer is no JSON"}}


def check(monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any]) -> int:
    """Check a pipeline that gives these answers in turn; return how many it was asked for."""
    left = list(answers)
    monkeypatch.setattr(pipeline_check, "simulate", lambda *_: [left.pop(0)])
    pipeline_check.check_pipeline(None, {}, "v1", "text", [Label("1", "Chess")], URL)  # type: ignore[arg-type]
    return len(answers) - len(left)


def test_a_node_that_was_too_busy_to_connect_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert check(monkeypatch, BUSY, BUSY, TAGGED) == 3


def test_a_node_that_stays_too_busy_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LmtxError, match="did not pass its test in the cluster: Acquire"):
        check(monkeypatch, BUSY, BUSY, BUSY, TAGGED)


def test_another_reason_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LmtxError, match="the answer is no JSON"):
        check(monkeypatch, OTHER, TAGGED)
