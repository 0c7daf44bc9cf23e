"""The tagger versions that the service has in memory."""

from __future__ import annotations

import ctypes
import gc
import threading
from collections import OrderedDict
from collections.abc import Callable

from lmtx_search.tagging.scoring.ranking import LabelSearch
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.service.batching import Batcher
from lmtx_search.tagging.versions.store import TaggerVersions

# The one in use, and the one that a switch is moving to or came from.
KEPT = 2


class TaggerPool:
    """Loads a version when it is first asked for, and keeps the last used ones.

    Args:
        versions: where they are.
        threads: threads of the encoder; 0 takes all cores.
        search: finds the labels of versions with too many of them to compare all.

    Attributes:
        on_run: told how many texts each run of a tagger has.
    """

    def __init__(
        self, versions: TaggerVersions, threads: int = 0, search: LabelSearch | None = None
    ) -> None:
        self.versions = versions
        self.on_run: Callable[[int], None] = lambda texts: None
        self._threads = threads
        self._search = search
        self._loaded: OrderedDict[str, Batcher] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Batcher:
        """Return a version, ready to tag.

        Raises:
            UserError: there is no such version, or its folder is damaged.
        """
        with self._lock:
            new = name not in self._loaded
            if new:
                version = self.versions.get(name)
                self._loaded[name] = Batcher(
                    Tagger(version, self._threads, self._search), lambda texts: self.on_run(texts)
                )
            self._loaded.move_to_end(name)
            while len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)[1].close()
            if new:
                _give_memory_back()
            return self._loaded[name]

    def loaded(self) -> list[str]:
        """Return the versions in memory."""
        with self._lock:
            return list(self._loaded)

    def close(self) -> None:
        """Unload everything."""
        with self._lock:
            for batcher in self._loaded.values():
                batcher.close()
            self._loaded.clear()


def _give_memory_back() -> None:
    """Return to the system what loading a version took, and what unloaded ones have left.

    The C library keeps freed memory in pieces: without this a service grows with each deployment.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
