"""The tags that the tagger assigns to a text typed on the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.feedback import find_document
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import CHARACTERS, tag_fields, untouched_documents
from lmtx_search.settings import Settings
from lmtx_search.tagging.explained import explain_fully
from lmtx_search.tagging.local import find_version
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.version import TaggerVersion

# Seconds after which a newly deployed tagger is noticed.
_SECONDS = 5.0

_UNTOUCHED = {
    "band": "neither",
    "assigned": False,
    "because": "the document is never touched (documents.untouched_query)",
}


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
            found = explain(tagger, _beginning(tagger, text))
        return _shown(tagger, note, map(asdict, found))

    def explain_fully(
        self,
        text: str,
        source: Mapping[str, Any] | None = None,
        rejected: frozenset[str] = frozenset(),
        manual: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        """Return :meth:`explain`, and for each label the passage and judged examples.

        ``provenance`` says where the tagger comes from. ``missing`` says why examples and the judge
        are not known (None: they are). ``language`` says that the encoder was probably not made for
        the text's language (None: nothing shows that).

        Args:
            source: the document that the text is from (None: it is from none).
            rejected: tags that people rejected in the document.
            manual: people's own tags of the document.

        Raises:
            UserError: this machine has no tagger.
        """
        with self._lock:
            tagger, note = self._current()
            groups = tagger.groups_of(source or {})
            beginning = _beginning(tagger, text)
            found = explain_fully(self._settings, tagger, beginning, groups, rejected, manual)
        return {
            **_shown(tagger, note, (reason.as_json() for reason in found.reasons)),
            "provenance": asdict(found.provenance),
            "missing": found.note,
            "language": found.language,
        }

    def explain_document(self, index: str, id_: str) -> dict[str, Any]:
        """Return :meth:`explain_fully` of a document's text, and what the document holds now.

        ``tagged_by`` is the tagger version that gave it its ``tags``, which may be another one than
        ``tagger``.

        Raises:
            UserError: there is no such document or no tagger, or the document has no text.
        """
        client = connect(self._settings.opensearch.within(_SECONDS), reading=True)
        fields = reads_of(client, index) or self._settings.documents.text_fields
        found = find_document(client, index, id_, fields)
        decided = tag_fields(client).people_decided(found.stored)
        answer = self.explain_fully(found.document.text, found.document.source, *decided)
        untouched = untouched_documents(client)
        if untouched is not None and untouched.matches(found.stored):
            answer["labels"] = [{**label, **_UNTOUCHED} for label in answer["labels"]]
        return {"document": id_, "tags": found.tags, "tagged_by": found.tagger, **answer}

    def _current(self) -> tuple[Tagger, str | None]:
        if self._found is None or time.monotonic() - self._found_at > _SECONDS:
            self._found = find_version(self._settings)
            self._found_at = time.monotonic()
        version, note = self._found
        if self._tagger is None or self._tagger.manifest.version != version.manifest.version:
            self._tagger = Tagger(version, self._settings.service.threads)
        return self._tagger, note


def _beginning(tagger: Tagger, text: str) -> str:
    """Return as much of a text as the pipeline sends."""
    return text[: CHARACTERS * tagger.manifest.windows.most]


def _shown(tagger: Tagger, note: str | None, labels: Iterable[dict[str, Any]]) -> dict[str, Any]:
    manifest = tagger.manifest
    return {
        "tagger": manifest.version,
        "note": note,
        "threshold": manifest.threshold,
        "max_tags": manifest.max_tags,
        "calibrated": (manifest.bands or manifest.calibration) is not None,
        "review_first": manifest.bands is not None and manifest.bands.review_first,
        "labels": [
            {**label, "threshold": manifest.own_thresholds.get(label["label_id"])}
            for label in labels
        ],
    }
