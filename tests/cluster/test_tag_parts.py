"""The tag fields that an index of an earlier release gets."""

from __future__ import annotations

from lmtx_search.cluster.setup.indices import missing_tag_parts, tag_properties
from lmtx_search.tag_fields import DEFAULT_FIELDS


def test_an_index_gets_only_the_parts_of_a_field_that_it_lacks() -> None:
    there = tag_properties(DEFAULT_FIELDS)
    del there["tagging"]["properties"]["best_score"]
    del there["tags_broader"]
    # Stored as an earlier release did: the index would refuse a change of this.
    there["tagging"]["properties"]["text_digest"] = {"type": "keyword"}
    assert missing_tag_parts(there, DEFAULT_FIELDS) == {
        "tags_broader": {"type": "keyword"},
        "tagging": {"properties": {"best_score": {"type": "float"}}},
    }


def test_a_field_of_another_shape_counts_as_lacking_its_parts() -> None:
    there = {**tag_properties(DEFAULT_FIELDS), "tagging": {"type": "keyword"}}
    assert missing_tag_parts(there, DEFAULT_FIELDS).keys() == {"tagging"}


def test_the_digest_of_a_text_takes_no_room_in_the_index() -> None:
    digest = tag_properties(DEFAULT_FIELDS)["tagging"]["properties"]["text_digest"]
    assert (digest["index"], digest["doc_values"]) == (False, False)
