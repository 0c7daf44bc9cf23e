"""Which labels documents have, in any field, on a real cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lmtx_search.cluster.ml.pipeline import untagged_pipeline
from lmtx_search.gaps.used import UsedLabels
from lmtx_search.tag_fields import TagFields

pytestmark = pytest.mark.integration

KEYWORD = {"type": "keyword"}
DOCUMENTS = [
    {"tags": ["Chess"], "tags_broader": ["Games"], "tags_manual": ["Chess", "To read"]},
    {"tags": ["Chess", "Mail"], "tags_broader": ["Games"]},
    {"tags_manual": ["To read"]},
]
NAMES = {name: [name] for name in ("Chess", "Games", "Mail", "To read", "Unused")}


def index_all(
    client: Any, properties: Mapping[str, Any], names: Mapping[str, str] | None = None
) -> None:
    client.indices.create(
        index="library",
        body={"settings": {"number_of_shards": 3}, "mappings": {"properties": dict(properties)}},
    )
    for document in DOCUMENTS:
        body = {(names or {}).get(field, field): value for field, value in document.items()}
        client.index(index="library", body=body, params={"refresh": "true"})


@pytest.mark.parametrize("manual", [KEYWORD, None], ids=["keyword", "as the index makes it"])
def test_labels_of_people_and_broader_labels_are_used(
    client: Any, manual: dict[str, str] | None
) -> None:
    fields = {"tags": KEYWORD, "tags_broader": KEYWORD}
    index_all(client, {**fields, "tags_manual": manual} if manual else fields)
    used = UsedLabels(client, "library")
    assert (used.names, used.uncounted) == ({"Chess", "Games", "Mail", "To read"}, [])
    # A document that has a label from the tagger and from a person counts once.
    assert list(used.documents(NAMES).values()) == [2, 2, 1, 2, 0]


def test_suggestions_are_counted_apart(client: Any) -> None:
    index_all(
        client, dict.fromkeys(("tags", "tags_broader", "tags_manual", "tags_suggested"), KEYWORD)
    )
    body = {"tags_suggested": ["Unused", "Mail"]}
    client.index(index="library", body=body, params={"refresh": "true"})
    used = UsedLabels(client, "library")
    assert (used.suggested, "Unused" in used.names) == ({"Unused", "Mail"}, False)
    assert used.suggested_for({"u": ["Unused"], "c": ["Chess"]}) == {"u": 1, "c": 0}
    assert used.documents({"u": ["Unused"], "m": ["Mail"]}) == {"u": 0, "m": 1}


def test_a_field_that_cannot_be_counted_is_named_and_the_others_are_counted(client: Any) -> None:
    index_all(client, {"tags": KEYWORD, "tags_broader": KEYWORD, "tags_manual": {"type": "text"}})
    used = UsedLabels(client, "library")
    assert (used.names, used.uncounted) == ({"Chess", "Games", "Mail"}, ["tags_manual"])
    assert used.documents({"r": ["To read"], "g": ["Games"]}) == {"r": 0, "g": 2}


def test_fields_with_other_names_are_counted(client: Any) -> None:
    names = TagFields(tags="topics", broader="wider", manual="own")
    client.ingest.put_pipeline(id="lmtx-tagging", body=untagged_pipeline(names=names))
    called = {"tags": "topics", "tags_broader": "wider", "tags_manual": "own"}
    index_all(client, dict.fromkeys(called.values(), KEYWORD), called)
    used = UsedLabels(client, "library")
    assert list(used.documents(NAMES).values()) == [2, 2, 1, 2, 0]


def test_an_index_without_tags_uses_no_label(client: Any) -> None:
    client.index(index="library", body={"text": "x"}, params={"refresh": "true"})
    used = UsedLabels(client, "library")
    assert (used.names, used.documents(NAMES)) == (frozenset(), {})


def test_a_document_with_an_earlier_name_of_a_label_has_the_label(client: Any) -> None:
    index_all(client, {"tags": KEYWORD, "tags_broader": KEYWORD, "tags_manual": KEYWORD})
    counts = UsedLabels(client, "library").documents({"post": ["Letters", "Mail", "To read"]})
    assert counts == {"post": 3}
