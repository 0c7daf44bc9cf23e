"""What a processor says about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.system.processor import multiplies_bf16


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor : 0\nflags : fpu amx_bf16 avx512_bf16\n", True),
        ("processor : 0\nflags : fpu avx512_bf16 avx512_vnni\n", False),
        ("processor : 0\nmodel name : amx_bf16\nflags : fpu\n", False),
        ("processor : 0\nFeatures : fp asimd bf16\n", False),
    ],
)
def test_only_units_for_matrices_count(tmp_path: Path, cpuinfo: str, expected: bool) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
    assert multiplies_bf16(tmp_path) is expected


def test_a_system_without_the_file_has_none(tmp_path: Path) -> None:
    assert not multiplies_bf16(tmp_path)
