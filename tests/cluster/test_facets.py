import json
from dataclasses import replace

import numpy as np
import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.facets.cooccurrence import Companion, together
from lmtx_search.cluster.facets.counts import facets
from lmtx_search.cluster.facets.filters import subset, unsearched_fields
from lmtx_search.cluster.facets.over_time import Stretch, over_time
from lmtx_search.cluster.facets.roll_up import cut_off
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import put_pipeline, read_pipeline, tagging_pipeline
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_training_index
from lmtx_search.errors import UserError
from lmtx_search.records import Document, Label
from lmtx_search.settings import load_settings
from tests.conftest import flags_of
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tagged(servers, tmp_path_factory):
    """An index of three documents whose tags are given."""
    settings = load_settings(flags=flags_of(servers, tmp_path_factory.mktemp("facets")))
    client = connect(settings.opensearch)
    wipe(client)
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
    prepare_training_index(client, "lmtx-documents-z")
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


def test_suggestions_are_counted_apart(tagged):
    source = {"text": "blue fish", "tags_suggested": ["sea", "food"]}
    tagged.index(index="lmtx-documents-z", id="a", body=source, params={"refresh": "true"})
    tagged.index(
        index="lmtx-documents-z",
        id="b",
        body={"text": "car", "tags": ["road"], "tags_suggested": ["sea"]},
        params={"refresh": "true"},
    )
    found = facets(tagged, "lmtx-documents-z", suggested=True)
    assert (found.tags, found.other) == ([("sea", 2), ("food", 1)], 0)
    found = facets(tagged, "lmtx-documents-z", tags=("food",), suggested=True)
    assert (found.documents, found.tags) == (1, [("food", 1), ("sea", 1)])
    assert facets(tagged, "lmtx-documents-z").tags == [("road", 1)]


class TestRollUp:
    LABELS = (
        Label("f", "food", broader=("t",)),
        Label("s", "sea", broader=("n", "t")),
        Label("n", "nature", broader=("w",)),
        Label("w", "world", broader=("n",)),
        Label("t", "trade"),
        Label("r", "road: fast, far"),
    )

    @pytest.fixture
    def hierarchy(self, tagged):
        def vectors(labels):
            return np.ones((len(labels), 384), dtype=np.float32)

        flat = [replace(label, broader=()) for label in self.LABELS]
        index = LabelIndex(tagged)
        index.load(self.LABELS, vectors, "0" * 64, 384)
        yield tagged
        index.load(flat, vectors, "0" * 64, 384)

    def test_a_document_counts_once_for_all_that_is_narrower(self, hierarchy):
        found = facets(hierarchy, "lmtx-documents-x", roll_up=True)
        assert found.tags == [
            *(("nature", 2), ("sea", 2), ("trade", 2), ("world", 2)),
            *(("food", 1), ("road: fast, far", 1)),
        ]
        found = facets(hierarchy, "lmtx-documents-x", query="old", size=1, roll_up=True)
        assert (found.tags, found.other) == ([("nature", 1)], 3)

    def test_a_tag_asked_for_stands_for_all_that_is_narrower(self, hierarchy):
        assert facets(hierarchy, "lmtx-documents-x", tags=["world"]).documents == 0
        assert facets(hierarchy, "lmtx-documents-x", tags=["world"], roll_up=True).documents == 2

    def test_labels_that_lose_what_is_above_them_are_counted_before_one_is_retired(self, hierarchy):
        by_id = {label.id: label for label in self.LABELS}
        # "sea" loses "world"; "world" is only above itself. Nothing is above "trade".
        assert cut_off(hierarchy, [by_id["n"]]) == 1
        assert cut_off(hierarchy, [by_id["n"], by_id["s"]]) == 0
        assert cut_off(hierarchy, [by_id["t"]]) == 0

    def test_without_a_hierarchy_it_is_one_clear_line(self, tagged):
        with pytest.raises(UserError, match="no label has a broader one"):
            facets(tagged, "lmtx-documents-x", query="car", roll_up=True)


def test_an_index_without_tags_is_one_clear_line(tagged):
    tagged.indices.create(index="plain")
    with pytest.raises(UserError, match="plain has no tags"):
        facets(tagged, "plain")


@pytest.fixture(scope="module")
def dated(tagged):
    """Twelve further documents: sea and food often occur together, sea and road once."""
    rows = [*[["sea", "food"]] * 4, ["sea", "road"], *[["road"]] * 6, ["sea"]]
    some = [
        Document(f"d{n}", "x", {"tags": tags, "tagging": {"at": f"2024-0{1 + n // 6}-15"}})
        for n, tags in enumerate(rows)
    ]
    load_documents(tagged, some, "lmtx-documents-y")
    return tagged


def test_tags_that_occur_together_more_often_than_by_chance(dated):
    first, *rest = together(dated, "lmtx-documents-y")
    assert (list(first.tags), first.documents) == (["road"], 7)
    assert first.companions == []
    found = {one.tags[0]: one.companions for one in rest}
    assert found == {"sea": [Companion("food", 4, 2.0)], "food": [Companion("sea", 4, 2.0)]}
    (chosen,) = together(dated, "lmtx-documents-y", tags=("food",))
    assert (chosen.documents, chosen.companions) == (4, [Companion("sea", 4, 2.0)])


def test_documents_over_time_with_their_most_frequent_tags(dated):
    assert over_time(dated, "lmtx-documents-y", "month", "tagging.at", size=1) == [
        Stretch("2024-01-01", 6, [("sea", 5)]),
        Stretch("2024-02-01", 6, [("road", 5)]),
    ]
    weeks = over_time(dated, "lmtx-documents-y", "week", "tagging.at", tags=("food",))
    assert [one.documents for one in weeks] == [4]


def test_a_date_that_cannot_be_counted_is_one_clear_line(dated):
    with pytest.raises(UserError, match=r"\(--time-field\); its date fields: tagging\.at"):
        over_time(dated, "lmtx-documents-y", "day", "text")
    far = [Document(at, "x", {"tagging": {"at": at}}) for at in ("0001", "9999")]
    load_documents(dated, far, "lmtx-documents-z")
    with pytest.raises(UserError, match="spans too many days to count: choose a longer --over"):
        over_time(dated, "lmtx-documents-z", "day", "tagging.at")


def test_the_command_draws_bars(tagged, lmtx):
    ran = lmtx("facets", "--index", "lmtx-documents-x", "--with", "sea")
    assert ran.returncode == 0
    assert "2 documents" in ran.stdout
    assert [line for line in ran.stdout.splitlines() if line.startswith("sea") and "█" in line]
    told = json.loads(lmtx("facets", "--index", "lmtx-documents-x", "--json").stdout)
    assert told["tags"][0] == {"tag": "sea", "count": 2}


@pytest.mark.parametrize(
    ("query", "documents"),
    [("fish NOT old", 1), ("text:red AND tags:food", 1), ("red fish", 3), ("tags:se*", 2)],
)
def test_a_query_chooses_the_same_documents_in_every_command(tagged, lmtx, query, documents):
    counted = lmtx("facets", "--index", "lmtx-documents-x", "--query", query, "--json")
    assert json.loads(counted.stdout)["documents"] == documents
    words = ("docs", "load", "--from-index", "lmtx-documents-x", "--query", query, "--json")
    assert json.loads(lmtx(*words).stdout)["indexed"] == documents


def test_a_query_that_cannot_be_read_is_one_clear_line(tagged, lmtx):
    done = lmtx("facets", "--index", "lmtx-documents-x", "--query", "text:(red")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "the query 'text:(red' cannot be read" in done.stderr


def test_the_command_shows_what_occurs_together_and_when(dated, lmtx):
    words = ("facets", "--index", "lmtx-documents-y", "--with", "sea", "--together", "--over")
    shown = lmtx(*words, "month").stdout
    assert "with food" in shown
    assert "how much more frequent than among all" in shown
    assert [line for line in shown.splitlines() if line.startswith("2024-01-01") and "█" in line]
    told = json.loads(lmtx(*words, "year", "--json").stdout)
    assert told["together"][0]["companions"] == [{"tag": "food", "count": 4, "times": 2.0}]
    assert told["over"] == [
        {"start": "2024-01-01", "documents": 6, "tags": told["over"][0]["tags"]}
    ]


def test_counts_as_csv(dated, lmtx):
    words = ("facets", "--index", "lmtx-documents-x", "--csv")
    lines = lmtx(*words).stdout.splitlines()
    assert lines[:2] == ["tag,documents", "sea,2"]
    assert '"road: fast, far",1' in lines
    cut = lmtx(*words, "--size", "1")
    assert cut.stdout.splitlines() == ["tag,documents", "sea,2"]
    assert "(--size shows more)" in cut.stderr
    words = ("facets", "--index", "lmtx-documents-y", "--csv")
    assert lmtx(*words, "--over", "month").stdout == "month,documents\n2024-01-01,6\n2024-02-01,6\n"
    together_as_csv = lmtx(*words, "--together").stdout
    assert together_as_csv == "tag,with,documents,times\nsea,food,4,2.0\nfood,sea,4,2.0\n"


def test_of_many_text_fields_those_of_the_tagger_are_searched(tagged):
    """And the rest is counted: OpenSearch limits the fields of a query."""
    before = read_pipeline(tagged).body
    others = {f"a{number:03}": {"type": "text"} for number in range(300)}
    properties = {**others, "text": {"type": "text"}, "tags": {"type": "keyword"}}
    tagged.indices.create(index="wide", body={"mappings": {"properties": properties}})
    tagged.index(index="wide", body={"text": "zebra", "tags": ["x"]}, params={"refresh": "true"})
    put_pipeline(tagged, tagging_pipeline("v1", "m1", ["text"]))
    try:
        assert subset(tagged, "wide").fields[0] == "text"
        assert facets(tagged, "wide", query="zebra").documents == 1
        (note,) = unsearched_fields(tagged, "wide")
        assert "in 256 text fields of wide, and not in 45 others" in note
    finally:
        put_pipeline(tagged, before)
    assert unsearched_fields(tagged, "lmtx-documents-x") == []
