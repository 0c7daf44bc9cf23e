"""Memory that is freed goes back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress

# Numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGE_BLOCK = 1 << 20


def return_freed_memory() -> None:
    """Make the process return large blocks of memory to the system when they are freed.

    By default, glibc keeps larger and larger blocks. Batches of many shapes then fragment the heap:
    a training on 3,000 documents grew to 5.8 GB, although it used only 1.5 GB. Without glibc,
    this function does nothing.
    """
    with suppress(OSError, AttributeError):
        malloc = ctypes.CDLL("libc.so.6")
        malloc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        malloc.mallopt(_M_TRIM_THRESHOLD, _LARGE_BLOCK)
