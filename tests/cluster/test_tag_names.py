"""What labels are called in documents, if they share a text or their names end with brackets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.facets.reader_language import names_in
from lmtx_search.cluster.facets.tag_labels import labels_of_tags, tag_names
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.records import Label, unique_names
from lmtx_search.settings import Settings
from lmtx_search.ui.decisions import Decisions
from lmtx_search.ui.library import Library
from tests.support.suggestions import index_tagged, tagged

pytestmark = pytest.mark.integration

LABELS = [
    Label("planet", "Mercury"),
    Label("metal", "Mercury", translations=(("de", "Quecksilber"),)),
    Label("x", "Mercury (planet)"),
    Label("m (1)", "Mail"),
    Label("m (2)", "Mail"),
]
TAGS = unique_names([label.text for label in LABELS], [label.id for label in LABELS])
"""As a tagger names them."""


@pytest.fixture
def mercury(client: Any, settings: Settings) -> Any:
    """A client of a cluster with these labels."""
    apply(client, plan(client, settings))
    prepare_tagged_index(client, "articles")
    vectors = np.eye(384, dtype=np.float32)[: len(LABELS)]
    LabelIndex(client).load(LABELS, lambda some: vectors[: len(some)], "x" * 64, 384)
    return client


def test_labels_have_the_names_that_taggers_give_them_and_are_found_by_these(mercury: Any) -> None:
    assert TAGS[0] == "Mercury (planet) (planet)"
    for label, tag in zip(LABELS, TAGS, strict=True):
        assert tag_names(mercury, [label]) == {label.id: tag}
        assert labels_of_tags(mercury, [tag])[tag].id == label.id


def test_brackets_of_a_retired_label_are_no_id_of_another(mercury: Any) -> None:
    assert labels_of_tags(mercury, ["Venus (planet)", "Mail (x)", "Mail ()"]) == {}


def test_a_tag_from_before_a_text_was_shared_is_no_labels(mercury: Any) -> None:
    assert labels_of_tags(mercury, ["Mercury", "Mercury (planet)", "Mail"]) == {}


def test_the_names_that_readers_see_keep_the_ids_of_tags(mercury: Any) -> None:
    for tag in TAGS:
        assert names_in(mercury, [tag], "en") == {tag: tag}
    assert names_in(mercury, ["Mercury (metal)"], "de") == {
        "Mercury (metal)": "Quecksilber (metal)"
    }


def test_labels_that_are_found_by_letters_have_ids_where_they_share_a_name(
    mercury: Any, settings: Settings
) -> None:
    index_tagged(mercury, "articles", [tagged("d1", {"Mercury (metal)": 0.9})])
    library = Library(settings, "articles")
    shown = {one["id"]: one["name"] for one in library.labels("mail")["labels"]}
    assert shown == {"m (1)": "Mail (m (1))", "m (2)": "Mail (m (2))"}
    assert library.tag_of("metal", "en") == {"tag": "Mercury (metal)", "name": "Mercury (metal)"}
    assert library.tag_of("metal", "de")["name"] == "Quecksilber (metal)"
    digest = library.search("", [])["found"][0]["place"]["digest"]
    decisions = Decisions(mercury, settings, "articles")
    decisions.decide("anna", "Mail (m (1))", "accept", {Place("articles", "d1"): digest})
    (found,) = library.search("", [])["found"]
    given = [(tag["label"], tag["tag"]) for tag in found["tags"] if tag["given"]]
    assert given == [("m (1)", "Mail (m (1))")]
