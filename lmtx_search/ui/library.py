"""An index as the page shows it: tags, documents, and what people said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.connect import Client, connect
from lmtx_search.cluster.decisions.on_index import DecisionsOn
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.values import names_in as field_names
from lmtx_search.cluster.decisions.worth import Open, open_labels
from lmtx_search.cluster.facets.counted import uncounted_tags
from lmtx_search.cluster.facets.counts import TaggedDocument, facets
from lmtx_search.cluster.facets.reader_language import names_in
from lmtx_search.cluster.facets.tag_labels import labels_of_tags, tag_names
from lmtx_search.cluster.judgments.feedback import find_opinions
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.search import labels_with
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError
from lmtx_search.records import PERSON, Document, Label, document_text, person_judgment_ids
from lmtx_search.settings import Settings
from lmtx_search.ui.decisions import place_as_json, text_digest

PAGE = 20
"""Documents shown at a time."""

LAST = 10_000
"""Number of the last document that OpenSearch returns (index.max_result_window)."""

_SHOWN = 4000
_SECONDS = 15.0

Answer = Literal["yes", "no"]


class Library:
    """The documents of one index."""

    def __init__(self, settings: Settings, index: str) -> None:
        # A person who looks at a page does not wait as long as a load does.
        self._client: Client = connect(settings.opensearch.within(_SECONDS))
        self._documents = settings.documents
        self.index = index

    def search(
        self,
        query: str,
        tags: Sequence[str],
        start: int = 0,
        size: int = 30,
        language: str | None = None,
    ) -> dict[str, Any]:
        """Return ``size`` tags with counts, and one page of the documents.

        The documents match ``query`` and have all of ``tags``. ``names`` are the names of all these
        tags in the language, as far as they differ from the tags. ``notes`` say which tags are not
        counted. Of a document's ``tags``, people gave those that are ``given``; ``accepted_by`` is
        who accepted one (None: it is not recorded).

        Raises:
            UserError: the index does not exist or has no tags, or the page lies beyond the last
                document that OpenSearch returns.
        """
        if start + PAGE > LAST:
            raise UserError(f"only the first {LAST:,} documents can be shown: narrow the search")
        found = facets(self._client, self.index, query.strip() or None, tags, size, PAGE, start)
        shown = self._shown(found.examples)
        seen = [*tags, *(tag for tag, _ in found.tags)]
        parts = ("tags", "missing", "rejected", "suggested")
        seen += [tag["tag"] for one in shown for part in parts for tag in one[part]]
        named = names_in(self._client, seen, language) if language else {}
        return {
            "index": self.index,
            "documents": found.documents,
            "tags": [{"tag": tag, "count": count} for tag, count in found.tags],
            "other": found.other,
            "statuses": found.statuses,
            "notes": [] if start else list(uncounted_tags(self._client, self.index)),
            "start": start,
            "found": shown,
            "names": {tag: name for tag, name in named.items() if name != tag},
        }

    def labels(self, words: str, language: str | None = None) -> dict[str, Any]:
        """Return labels that contain these words; the last word may be incomplete.

        ``name`` is a label's name in the language, with the id if several of these labels share it.
        What it is called in documents is asked for the chosen one only (:meth:`tag_of`), because
        each letter that is typed asks for labels.
        """
        found = labels_with(self._client, words)
        named = {one.id: one.name_in(language) if language else one.text for one in found}
        shared = Counter(named.values())
        return {
            "labels": [
                {
                    "id": label.id,
                    "text": label.text,
                    "name": f"{named[label.id]} ({label.id})"
                    if shared[named[label.id]] > 1
                    else named[label.id],
                    "description": label.description,
                }
                for label in found
            ]
        }

    def tag_of(self, label: str, language: str | None = None) -> dict[str, str]:
        """Return what a label, given by its id, is called in documents: ``tag``.

        ``name`` is what a reader of the language sees.

        Raises:
            UserError: the label no longer exists.
        """
        known = self._label(label)
        tag = tag_names(self._client, [known])[label]
        name = names_in(self._client, [tag], language)[tag] if language else tag
        return {"tag": tag, "name": name}

    def _label(self, id_: str) -> Label:
        label = edits.find(self._client, names.LABELS, [id_]).get(id_)
        if label is None:
            raise UserError(f"there is no longer a label {id_}: it was retired in the meantime")
        return label

    def _shown(self, documents: Sequence[TaggedDocument]) -> list[dict[str, Any]]:
        fields = tag_fields(self._client)
        # By position: behind an alias, several documents may have one id.
        suggested = [
            [each for each in open_labels(one.source, fields) if not each.applied]
            for one in documents
        ]
        seen = [tag for one in documents for tag, _ in one.tags]
        seen += [tag for one in documents for tag in one.manual]
        seen += [each.tag for some in suggested for each in some]
        rejected = [field_names(one.source, fields.rejected) for one in documents]
        seen += [tag for some in rejected for tag in some]
        labels = labels_of_tags(self._client, seen)
        # Training reads the fields of the settings, also if the index is tagged by others.
        taught = [
            Document(one.id, document_text(one.source, self._documents.text_fields))
            for one in documents
        ]
        own = reads_of(self._client, self.index) or self._documents.text_fields
        places = [Place(one.index, one.id, one.routing) for one in documents]
        given = {tag for one in documents for tag in one.manual}
        by = DecisionsOn(self._client, self.index, fields, own).accepted_by(places, given)
        said = self._said(taught)
        rows = zip(documents, places, taught, said, suggested, rejected, strict=True)
        return [
            {
                **_as_shown(
                    one,
                    document_text(one.source, own),
                    labels,
                    answers,
                    some,
                    {tag: by.get((place, tag)) for tag in one.manual},
                ),
                "rejected": [
                    {"label": labels[tag].id, "tag": tag} for tag in left if tag in labels
                ],
                "place": {**place_as_json(place), "digest": text_digest(one.source, own)},
                "judgeable": bool(text.text),
            }
            for one, place, text, answers, some, left in rows
        ]

    def _said(self, documents: Sequence[Document]) -> list[dict[str, tuple[str, Answer]]]:
        """Return people's answers to each document by label id: the label's tag and the answer."""
        opinions = find_opinions(self._client, PERSON, sorted({one.id for one in documents}))
        ids = sorted({opinion.label_id for opinion in opinions})
        labels = edits.find(self._client, names.LABELS, ids)
        tags = tag_names(self._client, list(labels.values()))
        said: list[dict[str, tuple[str, Answer]]] = [{} for _ in documents]
        for opinion in opinions:
            label = labels.get(opinion.label_id)
            for of_document, document in zip(said, documents, strict=True):
                if label is None or opinion.document_id != document.id:
                    continue
                # An answer about a text or a label that has changed since then does not count.
                now, earlier = person_judgment_ids(document, label)
                counts = opinion.id == now or label.id not in of_document
                if opinion.id in (now, earlier) and counts:
                    answer: Answer = "yes" if opinion.p_yes > 0.5 else "no"
                    of_document[label.id] = (tags[label.id], answer)
        return said


def shown_text(text: str) -> tuple[str, str]:
    """Return the first line of a document's text, and what is shown of the rest."""
    title, _, rest = text.partition("\n")
    return title[:_SHOWN], rest[:_SHOWN] + ("…" if len(rest) > _SHOWN else "")


def _as_shown(
    one: TaggedDocument,
    text: str,
    labels: Mapping[str, Label],
    said: Mapping[str, tuple[str, Answer]],
    suggested: Sequence[Open],
    by: Mapping[str, str | None],
) -> dict[str, Any]:
    title, excerpt = shown_text(text)
    scores = dict(one.tags)
    tags = []
    for tag in dict.fromkeys([*scores, *one.manual]):
        label = labels[tag].id if tag in labels else None
        answer = said[label][1] if label is not None and label in said else None
        tags.append(
            {
                "tag": tag,
                "score": scores.get(tag, 0.0),
                "label": label,
                "said": answer,
                "given": tag in one.manual,
                "accepted_by": by.get(tag),
            }
        )
    assigned = {tag["label"] for tag in tags}
    return {
        "id": one.id,
        "title": title or one.id,
        "text": excerpt,
        "tags": tags,
        "missing": [
            {"label": id_, "tag": name}
            for id_, (name, answer) in said.items()
            if answer == "yes" and id_ not in assigned
        ],
        "suggested": [
            {"tag": each.tag, "probability": each.probability}
            for each in suggested
            if each.tag not in labels or labels[each.tag].id not in said
        ],
        "explainable": bool(text),
    }
