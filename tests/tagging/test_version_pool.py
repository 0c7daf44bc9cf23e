"""Which versions a service has in memory, and how large a request for each may be."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lmtx_search.encoder import session
from lmtx_search.encoder.windows import Windows
from lmtx_search.tagging.service import app, version_pool
from lmtx_search.tagging.service.app import create_app
from lmtx_search.tagging.service.version_pool import TaggerPool
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.support.tiny_tagger import version_of


def test_the_least_recently_used_of_three_versions_is_unloaded(tmp_path: Path) -> None:
    def made(threshold: float) -> str:
        version = version_of(tmp_path, threshold)
        shutil.rmtree(tmp_path / "form")
        return version.manifest.version

    a, b, c = made(0.1), made(0.2), made(0.3)
    pool = TaggerPool(TaggerVersions(tmp_path))
    try:
        pool.get(a)
        unloaded = pool.get(b)
        pool.get(a)
        pool.get(c)
        assert pool.loaded() == [a, c]
        with pytest.raises(RuntimeError):
            unloaded.submit(["chess"])
        answered: Future[Any] = pool.get(b).submit(["chess"])
        assert answered.result(60)
        assert pool.loaded() == [c, b]
    finally:
        pool.close()


@pytest.mark.parametrize("fast", [True, False])
def test_a_version_that_is_slow_here_is_loaded_with_a_warning(
    tmp_path: Path,
    fast: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(version_pool, "bf16_is_fast", lambda: fast)
    monkeypatch.setattr(session, "multiplies_bf16", lambda: False)
    pool = TaggerPool(TaggerVersions(tmp_path))
    try:
        pool.get(version_of(tmp_path, precision="bf16").manifest.version)
    finally:
        pool.close()
    assert ("reads documents in bf16. This machine computes them in fp32" in caplog.text) != fast


@pytest.mark.parametrize(("windows", "most"), [(1, 100), (3, 300), (4, 350), (9, 350)])
def test_a_request_may_be_larger_with_more_windows_but_not_without_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: int, most: int
) -> None:
    monkeypatch.setattr(app, "MAX_BODY_OF_A_WINDOW", 100)
    monkeypatch.setattr(app, "MAX_BODY", 350)
    version = version_of(tmp_path, windows=Windows(windows)).manifest.version
    around = len(json.dumps({"input": [""]}))
    with TestClient(create_app(TaggerPool(TaggerVersions(tmp_path)))) as client:
        for size, status in ((most, 200), (most + 1, 413)):
            body = json.dumps({"input": ["a" * (size - around)]}).encode()
            answer = client.post(f"/taggers/{version}/tag", content=body)
            assert (len(body), answer.status_code) == (size, status)
    assert answer.json() == {"error": f"the request is larger than {most} bytes"}
