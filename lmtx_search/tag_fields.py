"""The fields of a document that the product writes, and which of their values it wrote.

All names of these fields are here. The cluster's pipeline holds those that are in use
(:func:`lmtx_search.cluster.ml.pipeline.tag_fields`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

STATUSES = ("tagged", "pending", "untagged", "skipped")
"""Values of ``tagging.status``: the tagger answered; it did not; there was no text, or no tagger;
the document has values of its own in these fields."""

# Keys of searches whose value is a field, and those whose value's keys are fields.
_NAME_A_FIELD = frozenset(("field", "fieldName"))
_HOLD_FIELDS = frozenset(("term", "terms", "range", "match", "match_phrase"))
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_OF_TAGGING = frozenset(("status", "tagger", "at", "best_score", "error", "text_digest"))


@dataclass(frozen=True, slots=True)
class TagFields:
    """What the fields are called.

    Attributes:
        tags: the tags, best first.
        scores: a list of ``{"tag": …, "score": …, "probability": …}``; a tagger without bands has
            no probabilities.
        broader: labels above the tags.
        manual: people's own tags.
        tagging: an object with status, tagger, at, best_score, text_digest and error.
        suggested: labels that the tagger suggests and does not apply, best first.
        suggestion_scores: those of the suggestions, in the form of ``scores``.
        rejected: labels that people rejected. Tagging never writes one of them.
        all: what counts as a tag: ``tags`` and ``manual``. The mapping copies both into it, so
            searches find it, and no document holds it.
    """

    tags: str = "tags"
    scores: str = "tag_scores"
    broader: str = "tags_broader"
    manual: str = "tags_manual"
    tagging: str = "tagging"
    suggested: str = "tags_suggested"
    suggestion_scores: str = "suggestion_scores"
    rejected: str = "tags_rejected"
    all: str = "tags_all"

    @property
    def written(self) -> tuple[str, ...]:
        """The fields that tagging replaces."""
        return *self._values, self.tagging

    @property
    def people(self) -> tuple[str, str]:
        """The fields that only people write."""
        return self.manual, self.rejected

    @property
    def _values(self) -> tuple[str, ...]:
        return self.tags, self.broader, self.scores, self.suggested, self.suggestion_scores

    @property
    def status(self) -> str:
        """Path of the status."""
        return self.of_tagging("status")

    def of_tagging(self, name: str) -> str:
        """Return the path of a field of the object ``tagging``."""
        return f"{self.tagging}.{name}"

    def as_dict(self) -> dict[str, str]:
        """Return the names by what they are for, as the pipeline's scripts take them."""
        return asdict(self)

    def renamed(self, field: str) -> str:
        """Return what a field, or a path in it, that has its default name is called here."""
        head, dot, rest = field.partition(".")
        names = dict(zip(asdict(DEFAULT_FIELDS).values(), asdict(self).values(), strict=True))
        return str(names.get(head, head)) + dot + rest

    def properties(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the mapping of the fields under these names."""
        return {
            self.renamed(name): {**field, "copy_to": [self.renamed(to) for to in field["copy_to"]]}
            if "copy_to" in field
            else field
            for name, field in properties.items()
        }

    def in_body(self, body: Any) -> Any:
        """Return a search that is written with the default names under these names."""
        if self == DEFAULT_FIELDS:
            return body
        if isinstance(body, list):
            return [self.in_body(part) for part in body]
        if not isinstance(body, Mapping):
            return body
        found: dict[str, Any] = {}
        for key, value in body.items():
            if key in _NAME_A_FIELD and isinstance(value, str):
                found[key] = self.renamed(value)
            elif key in _HOLD_FIELDS and isinstance(value, Mapping):
                inner = self.in_body(value)
                found[key] = {self.renamed(name): one for name, one in inner.items()}
            else:
                found[key] = self.in_body(value)
        return found

    def without(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return a document without what tagging wrote; people's values stay."""
        own = self.theirs(source)
        rest = {name: value for name, value in source.items() if name not in self.written}
        return rest | own

    def theirs(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return people's values in these fields, by field (as the pipeline's scripts decide)."""
        tagging: Any = source.get(self.tagging)
        ours = is_ours(tagging)
        if ours and tagging.get("tagger"):
            return self._added(source)
        fields = [*self._values, *([] if ours else [self.tagging])]
        return {name: source[name] for name in fields if source.get(name) not in _EMPTY}

    def _added(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return what people added to a tagged document: a name of theirs has no score."""
        added: dict[str, Any] = {}
        tags = _unscored(source.get(self.tags), source.get(self.scores))
        if tags and source.get(self.scores) is not None:
            added[self.tags] = tags
        scores = source.get(self.suggestion_scores)
        if suggested := _unscored(source.get(self.suggested), scores):
            added[self.suggested] = suggested
        if scores not in _EMPTY and not (isinstance(scores, list) and scores_of(scores)):
            # An earlier release tagged the document, and the field was the user's own.
            added[self.suggestion_scores] = scores
        return added

    def people_decided(self, source: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
        """Return the tags that people rejected in a document, and those that they gave it."""
        return frozenset(_texts([source.get(self.rejected)])), frozenset(self.given(source))

    def given(self, source: Mapping[str, Any]) -> list[str]:
        """Return the tags that people gave a document, each once."""
        return list(dict.fromkeys(_texts([source.get(self.manual)])))

    def moved(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return a document with people's values in ``manual``: texts as they are, else JSON."""
        theirs = self.theirs(source)
        if not theirs:
            return dict(source)
        there = source.get(self.manual)
        manual = [] if there is None else list(there) if isinstance(there, list) else [there]
        for text in _texts(theirs.values()):
            if text not in manual:
                manual.append(text)
        rest = {name: value for name, value in source.items() if name not in theirs}
        if self.tags in theirs:
            own = _listed(theirs[self.tags])
            if left := [tag for tag in _listed(source[self.tags]) if tag not in own]:
                rest[self.tags] = left
        return {**rest, self.manual: manual}


DEFAULT_FIELDS = TagFields()
"""The fields as they are called where nothing is set."""


def is_ours(tagging: Any) -> bool:
    """Return whether the object ``tagging`` of a document is one that the product wrote."""
    if not isinstance(tagging, Mapping) or not _OF_TAGGING.issuperset(tagging):
        return False
    if tagging.get("status") == "tagged":
        return isinstance(tagging.get("tagger"), str)
    return tagging.get("status") in STATUSES


def scores_of(scores: Any) -> dict[str, float]:
    """Return tag → score of a document's scores, also as earlier releases wrote them (a map)."""
    if isinstance(scores, Mapping):
        return dict(scores)
    if isinstance(scores, list):
        return {
            one["tag"]: one.get("score", 0.0)
            for one in scores
            if isinstance(one, Mapping) and "tag" in one
        }
    return {}


def as_scores(
    scores: Mapping[str, float], probabilities: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """Return the form in which scores are stored, with the probabilities that are known."""
    known = probabilities or {}
    return [
        {"tag": tag, "score": score, **({"probability": known[tag]} if tag in known else {})}
        for tag, score in scores.items()
    ]


def _unscored(names: Any, scores: Any) -> list[Any]:
    known = scores_of(scores)
    return [
        one
        for one in _listed(names)
        if one is not None and not (isinstance(one, str) and one in known)
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, list):
            yield from _texts(value)
        elif isinstance(value, str):
            yield value
        elif value is not None:
            yield json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
