"""Memory that is freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from lmtx_search.system.freed_memory import return_freed_memory

def resident():
    with open("/proc/self/statm") as found:
        return int(found.read().split()[1]) * 4096

if sys.argv[1] == "returned":
    return_freed_memory()
before = resident()
kept = []
for size in range(1, 31):
    large = bytearray(size << 20)
    kept.append(bytearray(64_000))
    del large
blocks = [bytearray(20 << 20) for _ in range(10)]
kept.append(bytearray(64_000))
del blocks
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have another malloc")
def test_freed_blocks_of_many_sizes_go_back_to_the_system() -> None:
    def used(how: str) -> int:
        return int(subprocess.check_output([sys.executable, "-c", PROGRAM, how]))

    kept = used("kept")
    if kept < 100 << 20:
        pytest.skip("this malloc returns freed blocks by itself")
    assert used("returned") < kept / 4
