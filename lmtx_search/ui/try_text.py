"""The tags that the tagger assigns to a text typed on the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from lmtx_search.settings import Settings
from lmtx_search.tagging.explained import Explained, beginning, explain_fully
from lmtx_search.tagging.explained_document import explain_stored, read_stored
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
            found = explain(tagger, beginning(tagger, text))
        return _shown(tagger, note, map(asdict, found))

    def explain_fully(self, text: str) -> dict[str, Any]:
        """Return :meth:`explain`, and for each label the passage and judged examples.

        ``provenance`` says where the tagger comes from. ``missing`` says why examples and the judge
        are not known (None: they are). ``language`` says that the encoder was probably not made for
        the text's language (None: nothing shows that).

        Raises:
            UserError: this machine has no tagger.
        """
        with self._lock:
            tagger, note = self._current()
            found = explain_fully(self._settings, tagger, beginning(tagger, text))
        return _explained(tagger, note, found)

    def explain_document(
        self, index: str, id_: str, within: str | None = None, routing: str | None = None
    ) -> dict[str, Any]:
        """Return :meth:`explain_fully` of a document's text, and what the document holds now.

        ``tagged_by`` is the tagger version that gave it its ``tags``, which may be another one than
        ``tagger``.

        Args:
            within: the index of an alias or a data stream that holds the document; None: any.
            routing: of the document; None: any.

        Raises:
            UserError: there is no such document or no tagger, several documents have the id, or the
                document has no text.
        """
        found = read_stored(self._settings, index, id_, within=within, routing=routing)
        with self._lock:
            tagger, note = self._current()
            explained = explain_stored(self._settings, tagger, found)
        return {
            "document": id_,
            "index": found.place.index,
            "routing": found.place.routing,
            "tags": found.tags,
            "tagged_by": found.tagged_by,
            **_explained(tagger, note, explained),
        }

    def _current(self) -> tuple[Tagger, str | None]:
        if self._found is None or time.monotonic() - self._found_at > _SECONDS:
            self._found = find_version(self._settings)
            self._found_at = time.monotonic()
        version, note = self._found
        if self._tagger is None or self._tagger.manifest.version != version.manifest.version:
            self._tagger = Tagger(version, self._settings.service.threads)
        return self._tagger, note


def _explained(tagger: Tagger, note: str | None, found: Explained) -> dict[str, Any]:
    return {
        **_shown(tagger, note, (reason.as_json() for reason in found.reasons)),
        "provenance": asdict(found.provenance),
        "missing": found.note,
        "language": found.language,
    }


def _shown(tagger: Tagger, note: str | None, labels: Iterable[dict[str, Any]]) -> dict[str, Any]:
    manifest = tagger.manifest
    return {
        "tagger": manifest.version,
        "note": note,
        "threshold": manifest.threshold,
        "max_tags": manifest.max_tags,
        "calibrated": (manifest.bands or manifest.calibration) is not None,
        "review_first": manifest.review_first,
        "labels": [
            {**label, "threshold": manifest.own_thresholds.get(label["label_id"])}
            for label in labels
        ],
    }
