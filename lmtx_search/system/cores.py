"""How many cores this process may use.

A container or a service often has fewer than its machine: two threads on each of 64 cores share two
cores' time badly, because the kernel stops all of them when the time is used up.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath


def usable_cores(root: Path = Path("/")) -> int:
    """Return the number of cores, at least one.

    It is limited by the cores on which the process may run, and by the processor time that its
    control groups allow (version 2: ``cpu.max``, version 1: ``cpu.cfs_quota_us``; "CPU bandwidth
    control" in the kernel's documentation). Half a core counts as one.

    Args:
        root: of the file system with ``proc`` and ``sys``.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not every system knows affinities
        cores = os.cpu_count() or 1
    return max(1, min([cores, *map(math.ceil, _limits(root))]))


def _limits(root: Path) -> Iterator[float]:
    """Yield the limits of the process's control groups and of those above them, in cores."""
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield from _of_version_2(root / "sys/fs/cgroup", path)
            elif "cpu" in controllers.split(","):
                for name in (controllers, "cpu"):
                    yield from _of_version_1(root / "sys/fs/cgroup" / name, path)


def _of_version_2(mount: Path, path: str) -> Iterator[float]:
    for folder in _upwards(mount, path):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text().split()
            yield int(quota) / int(period)  # "max" is no number


def _of_version_1(mount: Path, path: str) -> Iterator[float]:
    for folder in _upwards(mount, path):
        with suppress(OSError, ValueError):
            quota = int((folder / "cpu.cfs_quota_us").read_text())
            if quota > 0:
                yield quota / int((folder / "cpu.cfs_period_us").read_text())


def _upwards(mount: Path, path: str) -> Iterator[Path]:
    """Yield the folder of a control group and of those above it.

    Inside a container, the path may be that of the host, and only the mount itself is there.
    """
    inside = PurePosixPath(path.lstrip("/"))
    for folder in (inside, *inside.parents):
        yield mount / folder
