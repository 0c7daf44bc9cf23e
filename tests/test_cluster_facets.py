import json

import pytest

from lmtx_search.cluster.bootstrap import apply, plan
from lmtx_search.cluster.documents import load_documents
from lmtx_search.cluster.facets import facets
from lmtx_search.cluster.indices import prepare_training_index
from lmtx_search.errors import UserError
from lmtx_search.records import Document

pytestmark = pytest.mark.integration


@pytest.fixture
def tagged(client, settings):
    """An index of three documents whose tags are given."""
    apply(client, plan(client, settings))
    prepare_training_index(client, "lmtx-documents-x")
    rows = [
        ("a", "red fish", ["sea", "food"], "tagged"),
        ("b", "red car", ["road: fast, far"], "tagged"),
        ("c", "old fish", ["sea"], "pending"),
    ]
    some = [
        Document(id_, text, {"text": text, "tags": tags, "tagging": {"status": status}})
        for id_, text, tags, status in rows
    ]
    load_documents(client, some, "lmtx-documents-x")
    return client


def test_tags_are_counted_the_most_frequent_first(tagged):
    found = facets(tagged, "lmtx-documents-x")
    assert found.documents == 3
    assert found.tags[0] == ("sea", 2)
    assert dict(found.tags) == {"sea": 2, "food": 1, "road: fast, far": 1}
    assert found.statuses == {"tagged": 2, "pending": 1}


def test_only_documents_that_match_the_query_count(tagged):
    assert facets(tagged, "lmtx-documents-x", query="fish -old").tags == [("food", 1), ("sea", 1)]


def test_only_documents_with_all_the_tags_count(tagged):
    found = facets(tagged, "lmtx-documents-x", tags=("sea", "food"))
    assert (found.documents, dict(found.tags)) == (1, {"sea": 1, "food": 1})


def test_the_rest_is_counted_together(tagged):
    found = facets(tagged, "lmtx-documents-x", size=1)
    assert (found.tags, found.other) == ([("sea", 2)], 2)


def test_documents_are_shown_with_their_tags(tagged):
    (example,) = facets(tagged, "lmtx-documents-x", query="old", examples=5).examples
    assert (example.id, example.source["text"], example.tags) == ("c", "old fish", [("sea", 0.0)])


def test_an_index_without_tags_is_one_clear_line(tagged):
    tagged.indices.create(index="plain")
    with pytest.raises(UserError, match="plain has no tags"):
        facets(tagged, "plain")


def test_the_command_draws_bars(tagged, lmtx):
    ran = lmtx("facets", "--index", "lmtx-documents-x", "--tag", "sea")
    assert ran.returncode == 0
    assert "2 documents" in ran.stdout
    assert [line for line in ran.stdout.splitlines() if line.startswith("sea") and "█" in line]
    told = json.loads(lmtx("facets", "--index", "lmtx-documents-x", "--json").stdout)
    assert told["tags"][0] == {"tag": "sea", "count": 2}
