"""How full a disk may be: shares that are used, or bytes that are free."""

from __future__ import annotations

import pytest

from lmtx_search.cluster.health.health import Disk, is_reached

GIB = 2**30
DISK = Disk("node", free=30 * GIB, total=200 * GIB)  # 85 % are used


@pytest.mark.parametrize("mark", ["85%", "0.85", "30gb", "31 GB", "32000mb", "80.5%"])
def test_a_mark_that_is_reached(mark: str) -> None:
    assert is_reached(mark, DISK)


@pytest.mark.parametrize("mark", ["86%", "0.9", "29gb", "2gb", "500mb", "10b", "-1", "soon"])
def test_a_mark_that_is_not(mark: str) -> None:
    assert not is_reached(mark, DISK)
