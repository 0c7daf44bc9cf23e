"""The tags that are drawn for a check: the tagger's, of documents that may be touched."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.decisions.order import label_weights
from lmtx_search.cluster.facets.recent_sample import assigned_tags, sample_tagged
from lmtx_search.cluster.ml.pipeline import put_pipeline, untagged_pipeline
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields
from lmtx_search.untouched import Untouched

SCORED = [{"tag": "chess", "score": 0.5}]


@pytest.mark.parametrize(
    ("source", "assigned"),
    [
        ({"tags": ["chess", "by hand"], "tag_scores": SCORED}, ["chess"]),
        ({"tags": "chess", "tag_scores": SCORED}, ["chess"]),
        ({"tags": "by hand", "tag_scores": SCORED}, []),
        ({"tags": ["of an index without scores"]}, ["of an index without scores"]),
    ],
)
def test_tags_that_somebody_added_are_not_the_taggers(
    source: dict[str, Any], assigned: list[str]
) -> None:
    assert assigned_tags(source, DEFAULT_FIELDS) == assigned


@pytest.mark.integration
def test_the_query_for_untouched_documents_names_their_own_fields(client: Any) -> None:
    """Also a field ``tags`` of theirs, where the tags have another name."""
    names = TagFields(tags="topics")
    never = Untouched.of('{"term": {"tags": "confidential"}}')
    put_pipeline(client, untagged_pipeline(names=names, untouched=never))
    keyword = {"type": "keyword"}
    properties = dict.fromkeys(("tags", "topics", "tags_suggested", "tags_manual"), keyword)
    client.indices.create(index="news", body={"mappings": {"properties": properties}})
    tagging = {"status": "tagged", "tagger": "v1", "at": "2026-01-01T00:00:00Z"}
    for own in ("confidential", "open"):
        source = {"text": own, "tags": own, "topics": ["x"], "tags_suggested": ["y"]}
        body = {**source, "tagging": tagging}
        client.index(index="news", id=own, body=body, params={"refresh": "true"})
    (found,) = sample_tagged(client, "news", ["text"], 10, seed=0)
    assert found.document.id == "open"
    weights = label_weights(client, "news")
    assert (weights.documents, weights.untouched) == (1, 1)
