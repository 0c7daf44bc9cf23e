"""What the processor computes fast."""

from __future__ import annotations

from pathlib import Path


def multiplies_bf16(root: Path = Path("/")) -> bool:
    """Return whether the processor has units for matrices of bfloat16 (Intel's AMX).

    Only Linux says so, in ``/proc/cpuinfo``. Processors that only have vectors of bfloat16
    (AVX-512 BF16) do not count: there, int8 is as fast.

    Args:
        root: of the file system with ``proc``.
    """
    try:
        lines = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.startswith("flags") and "amx_bf16" in line.split() for line in lines)
