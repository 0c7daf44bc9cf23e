"""The tagger versions that the service has in memory."""

from __future__ import annotations

import ctypes
import gc
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.tagging.scoring.ranking import LabelSearch
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.service.batching import Batcher
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

_LOG = logging.getLogger(__name__)

# The version in use, and the version that a switch moves to or comes from.
KEPT = 2


class TaggerPool:
    """Loads a version when it is first requested, and keeps the most recently used ones.

    Args:
        versions: the stored tagger versions.
        threads: threads of the encoder; 0 uses all cores.
        search: finds the nearest labels for versions with too many labels to compare all of them.

    Attributes:
        on_run: called with the number of texts of each run of a tagger.
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
            UserError: the version does not exist, or its folder is damaged.
        """
        with self._lock:
            new = name not in self._loaded
            if new:
                version = self.versions.get(name)
                _warn_if_slow(version)
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


def _warn_if_slow(version: TaggerVersion) -> None:
    """Say that a version was made on a machine that computes differently."""
    if version.manifest.precision == "bf16" and not bf16_is_fast():
        _LOG.warning(
            "%s reads documents in bf16. This machine computes them in fp32, at less than half the "
            "speed of int8: run `lmtx-search deploy --precision int8`, or install "
            "lmtx-search[openvino] if its processor has AMX.",
            version.manifest.version,
        )


def _give_memory_back() -> None:
    """Return the memory that loading needed, and that unloaded versions used, to the system.

    The C library keeps freed memory in pieces. Without this, a service grows with each deployment.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
