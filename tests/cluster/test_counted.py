"""A tag that a person gave counts as a tag, once for each document, in all counts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lmtx_search.cluster.dashboards.scope import objects_about, used_fields
from lmtx_search.cluster.facets.cooccurrence import together
from lmtx_search.cluster.facets.counted import counted, uncounted_tags
from lmtx_search.cluster.facets.counts import facets
from lmtx_search.cluster.facets.over_time import over_time
from lmtx_search.cluster.ml.pipeline import put_pipeline, untagged_pipeline
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import TagFields
from lmtx_search.untouched import Untouched
from tests.conftest import Run
from tests.support.suggestions import index_tagged, tagged

pytestmark = pytest.mark.integration

OWN = TagFields(tags="topics", manual="mine", all="topics_all")
# Chess is a tag of both in d1, of the tagger in d2, and of a person in d3.
DOCUMENTS = [
    tagged("d1", {"Chess": 0.9}, {}, tags_manual=["Chess", "Mail"]),
    tagged("d2", {"Chess": 0.9, "Mail": 0.8}),
    tagged("d3", {}, {}, tags_manual=["Chess", "Mail"]),
    tagged("d4", {"Web": 0.9}),
]
COUNTS = {"Chess": 3, "Mail": 3, "Web": 1}


@pytest.fixture
def cluster(client: Any, settings: Settings) -> Any:
    apply(client, plan(client, settings))
    return client


def an_earlier_index(client: Any, index: str) -> None:
    """Create an index that tags, with documents, as releases made it that copied nothing."""
    prepare_tagged_index(client, index)
    body = client.indices.get(index=index)[index]
    properties = body["mappings"]["properties"]
    del properties["tags_all"], properties["tags"]["copy_to"], properties["tags_manual"]["copy_to"]
    client.indices.delete(index=index)
    settings = {"index.default_pipeline": "lmtx-tagging"}
    client.indices.create(index=index, body={"mappings": body["mappings"], "settings": settings})
    index_tagged(client, index, DOCUMENTS)


def written_again(client: Any, index: str, query: dict[str, Any] | None = None) -> None:
    """Write documents again as they are."""
    params = {"pipeline": "_none", "refresh": "true"}
    body = {"query": query or {"match_all": {}}}
    client.update_by_query(index=index, body=body, params=params)


def test_a_tag_of_tagger_and_person_counts_once_in_each_document(cluster: Any) -> None:
    prepare_tagged_index(cluster, "articles")
    index_tagged(cluster, "articles", DOCUMENTS)
    found = facets(cluster, "articles", examples=4)
    assert (dict(found.tags), found.other) == (COUNTS, 0)
    assert {one.id: list(one.manual) for one in found.examples if one.manual} == {
        "d1": ["Chess", "Mail"],
        "d3": ["Chess", "Mail"],
    }
    both = facets(cluster, "articles", tags=("Chess", "Mail"), size=1)
    assert (both.documents, both.tags, both.other) == (3, [("Chess", 3)], 3)
    (group, *_) = together(cluster, "articles")
    assert (group.documents, [(one.tag, one.count) for one in group.companions]) == (
        3,
        [("Mail", 3)],
    )
    (month,) = over_time(cluster, "articles", "month", "tagging.at")
    assert month.tags == [("Chess", 3), ("Mail", 3), ("Web", 1)]
    shown, objects = objects_about(cluster, "articles", "tagging.at", ("title",))
    assert "tags_manual" in shown.columns
    states = [one["attributes"].get("visState", "") for one in objects if "-tags-" in one["id"]]
    fields = set(re.findall(r'"field(?:Name)?": "(tags\w*)"', " ".join(states).replace("\\", "")))
    assert fields == {"tags_all", "tags_suggested"}
    assert list(uncounted_tags(cluster, "articles")) == []


def test_fields_of_other_names_are_counted_together_too(client: Any, settings: Settings) -> None:
    own = {"tags_field": OWN.tags, "manual_field": OWN.manual, "all_field": OWN.all}
    documents = settings.documents.model_copy(update=own)
    apply(client, plan(client, settings.model_copy(update={"documents": documents})))
    prepare_tagged_index(client, "articles")
    renamed = [{OWN.renamed(name): value for name, value in one.items()} for one in DOCUMENTS]
    index_tagged(client, "articles", renamed)
    assert dict(facets(client, "articles").tags) == COUNTS
    assert counted(client, "articles").fields.all == "topics_all"


def test_until_earlier_documents_are_written_again_the_taggers_tags_count(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    an_earlier_index(cluster, "old")
    prepare_tagged_index(cluster, "new")
    index_tagged(cluster, "new", DOCUMENTS)
    by_tagger = {"Chess": 2, "Mail": 1, "Web": 1}
    assert dict(facets(cluster, "old").tags) == by_tagger
    (step,) = plan(cluster, settings).open
    assert step.what == "fields tags_all, tags, tags_manual of index old"
    done = lmtx("bootstrap-index")
    assert done.returncode == 0, done.stderr
    assert plan(cluster, settings).open == ()
    # Over both indices, what is counted is the same in both.
    twice = {tag: 2 * count for tag, count in by_tagger.items()}
    assert dict(facets(cluster, "old,new").tags) == twice
    assert facets(cluster, "old", tags=("Mail",)).documents == 1
    _, objects = objects_about(cluster, "old", "tagging.at", ("title",))
    assert "tags_all" not in used_fields(objects)["old"]
    shown = lmtx("facets", "--index", "old")
    assert shown.stderr.splitlines() == [
        "Tags that people gave (tags_manual) are not counted in 2 documents of old, because some "
        "documents lack the field tags_all: `lmtx-search bootstrap-index` adds it, and "
        "`lmtx-search retag --index old --everything` fills it"
    ]
    checks = json.loads(lmtx("doctor", "--json").stdout)["checks"]
    (check,) = (one for one in checks if one["name"] == "tagged")
    assert check["status"] == "warn"
    assert check["found"].startswith("Tags that people gave (tags_manual) are not counted in 2")
    written_again(cluster, "old")
    assert dict(facets(cluster, "old").tags) == COUNTS
    assert lmtx("facets", "--index", "old").stderr == ""


def test_documents_that_are_never_touched_and_lack_the_field_are_told(
    cluster: Any, settings: Settings
) -> None:
    an_earlier_index(cluster, "old")
    apply(cluster, plan(cluster, settings))
    never = Untouched.of('{"term": {"tags": "Web"}}')
    put_pipeline(cluster, untagged_pipeline(untouched=never))
    written_again(cluster, "old", {"bool": {"must_not": [never.query]}})
    assert dict(facets(cluster, "old").tags) == {"Chess": 3, "Mail": 3}
    (note,) = uncounted_tags(cluster, "old")
    assert note.startswith("1 document of old that are never touched")


def test_a_field_of_that_name_of_the_users_own_is_refused(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    an_earlier_index(cluster, "old")
    cluster.indices.put_mapping(index="old", body={"properties": {"tags_all": {"type": "keyword"}}})
    with pytest.raises(UserError, match=r"the index old has its own field tags_all: set documents"):
        plan(cluster, settings)
    done = lmtx("attach", "old", "--text-field", "title", "--dry-run")
    assert done.returncode == 2
    assert "old has its own field tags_all" in done.stderr
