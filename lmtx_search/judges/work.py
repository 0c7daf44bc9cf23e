"""Handing out pairs to several hosts, so that a host keeps to one document at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from itertools import groupby

from lmtx_search.judges.base import Pair


class Work:
    """Pairs, grouped by document. Safe to use from many threads.

    Args:
        pairs: taken only as they are needed; the pairs of a document follow each other.
    """

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._groups = groupby(pairs, key=lambda pair: pair.document.id)
        self._of_host: dict[str, deque[Pair]] = {}
        self._returned: deque[Pair] = deque()
        self._lock = threading.Lock()
        self._stopped = False

    def next(self, host: str) -> Pair | None:
        """Return the host's next pair, first of its present document; None at the end."""
        with self._lock:
            mine = self._of_host.setdefault(host, deque())
            if self._stopped:
                return None
            if mine:
                return mine.popleft()
            if self._returned:
                return self._returned.popleft()
            for _, group in self._groups:
                mine.extend(group)
                return mine.popleft()
            return None

    def give_back(self, host: str, pair: Pair) -> None:
        """Take back a pair that the host could not answer, and all that was laid out for it."""
        with self._lock:
            self._returned.append(pair)
            self._returned.extend(self._of_host.pop(host, ()))

    def left(self) -> bool:
        """Tell whether pairs were given back that nobody has taken since."""
        with self._lock:
            return bool(self._returned)

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self._stopped = True
