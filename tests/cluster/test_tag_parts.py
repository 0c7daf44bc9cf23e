"""The tag fields that an index of an earlier release gets."""

from __future__ import annotations

import pytest

from lmtx_search.cluster.setup.indices import missing_tag_parts, require_own_all, tag_properties
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields


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


def test_tags_are_copied_without_forgetting_what_else_a_mapping_says() -> None:
    own = {"type": "keyword", "ignore_above": 256, "copy_to": "everything"}
    fields = TagFields(tags="topics", all="topics_all")
    before = {"type": "keyword", "copy_to": ["topics_all"]}  # documents.tags_field was "tags"
    there = {**tag_properties(fields), "topics": own, "tags": before}
    there["tags_manual"] = {"type": "object"}  # cannot be copied
    assert missing_tag_parts(there, fields) == {
        "topics": {**own, "copy_to": ["everything", "topics_all"]},
        "tags": {"type": "keyword"},
    }


def test_a_field_for_all_tags_that_is_the_users_own_is_refused() -> None:
    there = {**tag_properties(DEFAULT_FIELDS), "tags_all": {"type": "keyword"}}
    with pytest.raises(UserError, match="the index x has its own field tags_all: set documents"):
        require_own_all("the index x", there, DEFAULT_FIELDS)
