"""Documents with suggestions as the pipeline writes them, without a tagger that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AT = "2026-11-01T10:00:00Z"


def tagged(
    id_: str,
    tags: Mapping[str, float] | None = None,
    suggested: Mapping[str, float] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a tagged document with these tags and suggestions, by name with probability."""
    tags, suggested = tags or {}, suggested or {}
    return {
        "id": id_,
        "title": f"About {id_}",
        "text": f"The text of {id_}",
        "tags": list(tags),
        "tag_scores": _scores(tags),
        "tags_suggested": list(suggested),
        "suggestion_scores": _scores(suggested),
        "tagging": {"status": "tagged", "tagger": "t1", "at": AT},
        **more,
    }


def index_tagged(client: Any, index: str, documents: list[dict[str, Any]], **where: str) -> None:
    """Index such documents as they are, although the index tags its documents."""
    lines: list[dict[str, Any]] = []
    for document in documents:
        lines += [{"create": {"_id": document["id"], **where}}, document]
    params = {"refresh": "true", "pipeline": "_none"}
    answer = client.bulk(body=lines, index=index, params=params)
    assert not answer["errors"], answer


def _scores(probabilities: Mapping[str, float]) -> list[dict[str, Any]]:
    return [
        {"tag": tag, "score": round(p / 2, 3), "probability": p} for tag, p in probabilities.items()
    ]
