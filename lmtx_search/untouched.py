"""Documents that are never touched, selected by a part of Query DSL that needs no index.

The pipeline sees a document before it is indexed. It compares the document's own values
(``index_templates/pipelines/untouched.painless`` does so in the same way).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lmtx_search.records import value_at

_SUPPORTED = "term, terms, prefix, exists, and bool with filter, must, should and must_not"
_KEYWORD = ".keyword"
# Larger numbers are written otherwise by Java.
_LARGE = 1e15


def left_out(count: int, what: str = "documents") -> str:
    """Return the note that so many documents are never touched."""
    return f"Left out: {what} that are never touched (documents.untouched_query): {count:,}"


@dataclass(frozen=True, slots=True)
class Untouched:
    """Which documents are never touched.

    Attributes:
        query: Query DSL, as the user wrote it.
        condition: the same as the pipeline reads it: ``{"all": [...]}``, ``{"any": [...]}``,
            ``{"none": [...]}``, or ``{"field": ..., "is": "term", "values": [...]}``.
    """

    query: Mapping[str, Any]
    condition: Mapping[str, Any]

    @classmethod
    def of(cls, text: str) -> Untouched:
        """Read a query.

        Raises:
            ValueError: it is no JSON, or needs an index.
        """
        try:
            query = json.loads(text)
        except ValueError as error:
            raise ValueError(
                f'is not JSON ({error}): write it as {{"term": {{"FIELD": "VALUE"}}}}'
            ) from error
        return cls(query, _condition(query))

    def matches(self, source: Mapping[str, Any]) -> bool:
        """Return whether a document is never touched."""
        return _matches(source, self.condition)


def _condition(query: Any) -> dict[str, Any]:
    kind, body = _only(query, "a query")
    if kind == "bool":
        return _bool(body)
    if kind == "exists":
        name, field = _only(body, "exists")
        if name != "field" or not isinstance(field, str):
            raise _refused('exists is written {"exists": {"field": "FIELD"}}')
        return _on(field, "exists", [])
    if kind in ("term", "prefix", "terms"):
        field, value = _only(body, kind)
        if kind == "terms":
            values = value if isinstance(value, list) else [None]
        else:
            if isinstance(value, Mapping):
                name, value = _only(value, kind)
                if name != "value":
                    raise _refused(f"{kind} has the option {name!r}")
            values = [value]
        if any(not isinstance(one, str | int | float) for one in values):
            raise _refused(f"{kind} compares {field} with texts, numbers, true or false")
        return _on(field, "prefix" if kind == "prefix" else "term", values)
    raise _refused(f"{kind!r} is not supported")


def _bool(body: Any) -> dict[str, Any]:
    if not isinstance(body, Mapping) or not body:
        raise _refused("bool has no clauses")
    if unknown := body.keys() - {"filter", "must", "should", "must_not"}:
        raise _refused(f"bool has the option {min(unknown)!r}")
    if "should" in body and body.keys() & {"filter", "must"}:
        raise _refused("should beside filter or must selects nothing: give it a bool of its own")
    parts: list[dict[str, Any]] = []
    for name, word in (("filter", "all"), ("must", "all"), ("should", "any"), ("must_not", "none")):
        if name in body:
            queries = body[name] if isinstance(body[name], list) else [body[name]]
            if not queries:
                raise _refused(f"{name} is empty")
            parts.append({word: [_condition(query) for query in queries]})
    return {"all": parts}


def _on(field: str, kind: str, values: list[Any]) -> dict[str, Any]:
    # The documents have no such field: it is how an index stores their texts a second time.
    return {"field": field.removesuffix(_KEYWORD), "is": kind, "values": values}


def _only(value: Any, what: str) -> tuple[str, Any]:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise _refused(f"{what} must be an object with one name")
    return next(iter(value.items()))


def _refused(why: str) -> ValueError:
    return ValueError(f"{why}; documents are compared as they are sent, with {_SUPPORTED}")


def _matches(source: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    if "all" in condition:
        return all(_matches(source, part) for part in condition["all"])
    if "any" in condition:
        return any(_matches(source, part) for part in condition["any"])
    if "none" in condition:
        return not any(_matches(source, part) for part in condition["none"])
    if condition["is"] == "exists":
        return any(True for _ in _leaves(value_at(source, condition["field"])))
    wanted = [_text(value) for value in condition["values"]]
    # Of an object, only exists sees the values.
    texts = texts_at(source, condition["field"])
    if condition["is"] == "prefix":
        return any(text.startswith(wanted[0]) for text in texts)
    return any(text in wanted for text in texts)


def texts_at(source: Mapping[str, Any], field: str) -> list[str]:
    """Return the values at a path of a document as texts; objects have none."""
    found = _leaves(value_at(source, field))
    return [_text(value) for value in found if not isinstance(value, _Inside)]


class _Inside:
    """A value inside of an object that a field holds."""


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from (_Inside() for _ in _leaves(item))
    elif value is not None:
        yield value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGE:
        return str(int(value))
    return str(value)
