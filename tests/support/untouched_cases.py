"""Queries for documents that are never touched, documents, and whether they match."""

from __future__ import annotations

from typing import Any

PRESS = {"term": {"source": "press"}}
NESTED = {"by": [{"name": "A"}, {"name": ["B", None]}]}

CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    (PRESS, {"source": "press"}, True),
    (PRESS, {"source": "Press"}, False),
    (PRESS, {"source": ["x", "press"]}, True),
    (PRESS, {}, False),
    (PRESS, {"source": {"press": "press"}}, False),
    ({"term": {"source.keyword": {"value": "press"}}}, {"source": "press"}, True),
    ({"term": {"meta.source": "press"}}, {"meta": {"source": "press"}}, True),
    ({"term": {"meta.source": "press"}}, {"meta.source": "press"}, True),
    ({"term": {"meta.info.source": "press"}}, {"meta.info": {"source": "press"}}, True),
    ({"term": {"meta.info.source": "press"}}, {"meta": {"info.source": "press"}}, True),
    ({"term": {"by.name": "B"}}, NESTED, True),
    ({"term": {"year": 1990}}, {"year": 1990}, True),
    ({"term": {"year": 1990}}, {"year": "1990"}, True),
    ({"term": {"year": 1990}}, {"year": 1990.0}, True),
    ({"term": {"size": 0.5}}, {"size": 0.5}, True),
    ({"term": {"open": True}}, {"open": True}, True),
    ({"term": {"open": True}}, {"open": False}, False),
    ({"terms": {"source": ["a", "press"]}}, {"source": "press"}, True),
    ({"terms": {"source": []}}, {"source": "press"}, False),
    ({"prefix": {"id": "arch-"}}, {"id": "arch-7"}, True),
    ({"prefix": {"id": "arch-"}}, {"id": "7-arch-"}, False),
    ({"exists": {"field": "embargo"}}, {"embargo": ""}, True),
    ({"exists": {"field": "embargo"}}, {"embargo": {"until": 2030}}, True),
    ({"exists": {"field": "embargo"}}, {"embargo": [None, {}]}, False),
    ({"exists": {"field": "embargo"}}, {"embargo": None}, False),
    ({"bool": {"must_not": {"exists": {"field": "a"}}}}, {}, True),
    ({"bool": {"must_not": [PRESS, {"exists": {"field": "a"}}]}}, {"a": 1}, False),
    ({"bool": {"should": [PRESS, {"exists": {"field": "a"}}]}}, {"a": 1}, True),
    ({"bool": {"should": [PRESS]}}, {"a": 1}, False),
    ({"bool": {"filter": [PRESS], "must": {"exists": {"field": "a"}}}}, {"source": "press"}, False),
    (
        {"bool": {"filter": [PRESS, {"bool": {"should": [{"term": {"a": 1}}]}}]}},
        {"source": "press", "a": 1},
        True,
    ),
]
