"""The tags that the tagger assigns to a text typed on the page."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from typing import Any

from lmtx_search.cluster.ml.pipeline import CHARACTERS
from lmtx_search.settings import Settings
from lmtx_search.tagging.local import find_version
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.version import TaggerVersion

# Seconds after which a newly deployed tagger is noticed.
_SECONDS = 5.0


class Trial:
    """Explains the tags of texts with the deployed tagger, which is loaded on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._found: tuple[TaggerVersion, str | None] | None = None
        self._found_at = 0.0
        self._tagger: Tagger | None = None

    def explain(self, text: str) -> dict[str, Any]:
        """Return the text's tags and near misses, as `tag --explain --json` does.

        ``threshold`` of a label is its own threshold (None: the general one applies). ``note`` says
        why another tagger than the pipeline's was used (None: it is the pipeline's).

        Raises:
            UserError: this machine has no tagger.
        """
        with self._lock:
            tagger, note = self._current()
            manifest = tagger.manifest
            found = explain(tagger, text[: CHARACTERS * manifest.windows.most])
        return {
            "tagger": manifest.version,
            "note": note,
            "threshold": manifest.threshold,
            "max_tags": manifest.max_tags,
            "calibrated": (manifest.bands or manifest.calibration) is not None,
            "review_first": manifest.bands is not None and manifest.bands.review_first,
            "labels": [
                {**asdict(label), "threshold": manifest.own_thresholds.get(label.label_id)}
                for label in found
            ],
        }

    def _current(self) -> tuple[Tagger, str | None]:
        if self._found is None or time.monotonic() - self._found_at > _SECONDS:
            self._found = find_version(self._settings)
            self._found_at = time.monotonic()
        version, note = self._found
        if self._tagger is None or self._tagger.manifest.version != version.manifest.version:
            self._tagger = Tagger(version, self._settings.service.threads)
        return self._tagger, note
