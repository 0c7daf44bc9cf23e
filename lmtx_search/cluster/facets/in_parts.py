"""Counts in several requests what has more groups than the cluster counts in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from opensearchpy import TransportError

from lmtx_search.cluster.client.retry import too_many_buckets

Key = TypeVar("Key")
Counted = TypeVar("Counted")


def count_in_parts(
    count: Callable[[Sequence[Key]], list[Counted]], keys: Sequence[Key]
) -> list[Counted]:
    """Return what is counted for all keys, in their order.

    If one request would have too many groups, each half of the keys is counted alone.

    Args:
        count: one request. Its result has one entry for each key.

    Raises:
        TransportError: the cluster refuses a request, also one for a single key.
    """
    try:
        return count(keys)
    except TransportError as error:
        if len(keys) < 2 or not too_many_buckets(error):
            raise
    middle = len(keys) // 2
    halves = keys[:middle], keys[middle:]
    return [one for half in halves for one in count_in_parts(count, half)]
