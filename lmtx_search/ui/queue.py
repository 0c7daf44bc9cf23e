"""The queue of the page: documents with tags on which a person's decision is worth most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.decisions import records
from lmtx_search.cluster.decisions.claims import claim, claimed_by_others
from lmtx_search.cluster.decisions.on_index import DecisionsOn
from lmtx_search.cluster.decisions.order import (
    LabelWeights,
    Place,
    label_weights,
    most_valuable,
)
from lmtx_search.cluster.decisions.values import names_in
from lmtx_search.cluster.decisions.worth import Open, open_labels, worth_of
from lmtx_search.cluster.facets.reader_language import names_in as translated
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.records import document_text
from lmtx_search.settings import DocumentSettings
from lmtx_search.tag_fields import TagFields
from lmtx_search.ui.decisions import place_as_json, text_digest
from lmtx_search.ui.library import shown_text

PAGE = 20
"""Documents shown at a time."""

PAGE_OF_A_LABEL = 40
"""Documents shown at a time if only one label is shown: they can be decided on together."""

_LABELS = 30
# Searches in a row, if somebody else claims the documents of a page at the same moment.
_ATTEMPTS = 3


class Queue:
    """The queue of one index."""

    def __init__(self, client: Client, documents: DocumentSettings, index: str) -> None:
        self._client = client
        self._documents = documents
        self._index = index

    def page(
        self,
        by: str | None,
        label: str | None = None,
        language: str | None = None,
        passed: Sequence[Place] = (),
    ) -> dict[str, Any]:
        """Return the documents that are most worth a person's time, and claim them.

        Documents that somebody else has claimed are left out.

        Args:
            by: who will decide; None: a reader, who claims nothing.
            label: only documents for which this label is open.
            language: of the names of tags.
            passed: documents that the person passed over. They come when no other is left, and
                ``again`` says so.

        Raises:
            UserError: the index has no tags, or ``bootstrap-index`` has not run.
        """
        records.require_index(self._client)
        fields = tag_fields(self._client)
        weights = label_weights(self._client, self._index, records.count_by_tag(self._client))
        found = self._found(by, label, weights, fields, passed)
        again = bool(passed) and not found
        if again:
            found = self._found(by, label, weights, fields)
        texts = reads_of(self._client, self._index) or self._documents.text_fields
        made = DecisionsOn(self._client, self._index, fields, texts)
        shown = [self._shown(place, one, label, weights, fields, texts) for place, one in found]
        suggested = weights.suggested[:_LABELS]
        tags = [label, *(tag for tag, _ in suggested)] if label else [tag for tag, _ in suggested]
        tags += [tag for one in shown for tag in (*one["tags"], *(o["tag"] for o in one["open"]))]
        named = translated(self._client, tags, language) if language else {}
        return {
            "index": self._index,
            "documents": weights.documents,
            "untouched": weights.untouched,
            "labels": [{"tag": tag, "count": count} for tag, count in suggested],
            "more_labels": len(weights.suggested) - len(suggested),
            "decided": made.count(by) if by else 0,
            "found": shown,
            "again": again,
            "names": {tag: name for tag, name in named.items() if name != tag},
        }

    def renew(self, by: str, places: Sequence[Place]) -> dict[str, Any]:
        """Renew a person's claims; ``lost`` are the documents that somebody else has claimed."""
        kept = claim(self._client, by, places)
        return {"lost": [place_as_json(place) for place in places if place not in kept]}

    def _found(
        self,
        by: str | None,
        label: str | None,
        weights: LabelWeights,
        fields: TagFields,
        passed: Sequence[Place] = (),
    ) -> list[tuple[Place, dict[str, Any]]]:
        size = PAGE_OF_A_LABEL if label else PAGE
        without = [*passed, *(claimed_by_others(self._client, by) if by else ())]
        found: list[tuple[Place, dict[str, Any]]] = []
        for _ in range(_ATTEMPTS):
            found = most_valuable(self._client, self._index, fields, weights, size, label, without)
            if by is None:
                break
            mine = claim(self._client, by, [place for place, _ in found])
            lost = [place for place, _ in found if place not in mine]
            found = [one for one in found if one[0] in mine]
            if not lost:
                break
            without += lost
        return found

    def _shown(
        self,
        place: Place,
        source: Mapping[str, Any],
        label: str | None,
        weights: LabelWeights,
        fields: TagFields,
        texts: Sequence[str],
    ) -> dict[str, Any]:
        title, text = shown_text(document_text(source, texts))
        there = [one for one in open_labels(source, fields) if label in (None, one.tag)]
        worth = worth_of(there, weights.of)
        there.sort(key=lambda one: -worth[one.tag])
        asked = {one.tag for one in there}
        given = [*names_in(source, fields.manual), *names_in(source, fields.tags)]
        return {
            **place_as_json(place),
            "title": title or place.id,
            "text": text,
            "digest": text_digest(source, texts),
            "tags": [tag for tag in dict.fromkeys(given) if tag not in asked],
            "open": [_as_json(one) for one in there],
        }


def _as_json(one: Open) -> dict[str, Any]:
    return {
        "tag": one.tag,
        "applied": one.applied,
        "score": one.score,
        "probability": one.probability,
    }
