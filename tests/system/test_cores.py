"""The cores that a process may use, as the kernel's files tell. Control groups need root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lmtx_search.encoder import torch_model
from lmtx_search.system.cores import usable_cores

EVERY = len(os.sched_getaffinity(0))
HALF = {"cpu.cfs_quota_us": "50000\n", "cpu.cfs_period_us": "100000\n"}
UNLIMITED = {"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"}


def kernel(root: Path, groups: str, files: dict[str, dict[str, str]]) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for folder, contents in files.items():
        place = root / "sys/fs/cgroup" / folder
        place.mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (place / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/\n", {".": {"cpu.max": "100000 100000\n"}}, 1),
        ("0::/a/b\n", {"a": {"cpu.max": "50000 100000\n"}, "a/b": {"cpu.max": "max 100000\n"}}, 1),
        ("0::/docker/of-the-host\n", {".": {"cpu.max": "20000 100000\n"}}, 1),
        ("0::/\n", {".": {"cpu.max": "max 100000\n"}}, EVERY),
        ("0::/\n", {".": {"cpu.max": "6400000 100000\n"}}, EVERY),
        ("3:cpuset:/x\n1:cpu:/a\n0::/\n", {"cpu/a": HALF}, 1),
        ("4:cpu,cpuacct:/a\n", {"cpu,cpuacct": HALF, "cpu,cpuacct/a": UNLIMITED}, 1),
        ("4:cpu,cpuacct:/a\n", {"cpu/a": HALF}, 1),
        ("1:cpu:/\n", {"cpu": UNLIMITED}, EVERY),
        ("nothing known\n", {}, EVERY),
    ],
)
def test_control_groups_limit_the_cores(
    groups: str, files: dict[str, dict[str, str]], cores: int, tmp_path: Path
) -> None:
    assert usable_cores(kernel(tmp_path, groups, files)) == cores


def test_the_cores_on_which_the_process_may_run_are_the_limit(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores(tmp_path) == 1
    finally:
        os.sched_setaffinity(0, before)


def test_torch_has_no_more_threads_than_the_process_has_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch_model, "usable_cores", lambda: 1)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        torch_model.limit_threads()
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
