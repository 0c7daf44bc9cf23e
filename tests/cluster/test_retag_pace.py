"""`retag --per-second`: how fast documents are read and sent."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lmtx_search.cluster.retag import retag
from lmtx_search.tag_fields import DEFAULT_FIELDS


@pytest.mark.parametrize(("per_second", "at_once"), [(10.0, 10), (0.5, 1), (2.5, 2)])
def test_no_more_documents_are_sent_than_the_limit_allows(
    monkeypatch: pytest.MonkeyPatch, per_second: float, at_once: int
) -> None:
    now = [50.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(retag, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    hits = (
        {"_id": str(n), "_seq_no": n, "_primary_term": 1, "_source": {"text": "x"}}
        for n in range(40)
    )
    sent = 0
    for chunk in retag._chunks(hits, per_second, DEFAULT_FIELDS):
        assert sent <= (now[0] - 50.0) * per_second + 1e-6
        assert len(chunk.ids) <= at_once
        sent += len(chunk.ids)
        now[0] += 0.3  # as long as the cluster takes
    assert sent == 40
    # Nobody waits longer than the limit demands.
    assert now[0] - 50.0 == pytest.approx(max(40 / per_second, 0.3 * 40 / at_once), rel=0.1)
