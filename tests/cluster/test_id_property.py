"""The mapping of the field that holds the ids of documents."""

import pytest

from lmtx_search.cluster.setup.indices import id_property

KEYWORD = {"type": "keyword"}


@pytest.mark.parametrize(
    ("field", "properties"),
    [
        ("id", {"id": KEYWORD}),
        ("meta.id", {"meta": {"properties": {"id": KEYWORD}}}),
        ("a.b.c", {"a": {"properties": {"b": {"properties": {"c": KEYWORD}}}}}),
    ],
)
def test_ids_are_keywords_also_inside_of_objects(field, properties):
    assert id_property(field) == properties
