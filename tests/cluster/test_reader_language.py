"""Tags with their names in the reader's language."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.facets.reader_language import names_in, tag_named
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_training_index
from lmtx_search.errors import UserError
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings, load_settings
from lmtx_search.ui.app import create_app
from tests.conftest import environment_of, flags_of, runner
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

INDEX = "lmtx-documents-x"
LABELS = (
    Label("s", "Schach", synonyms=("chess",), translations=(("en", "chess"),)),
    Label("b1", "Bank (Geld)", synonyms=("bank",), translations=(("en", "bank"),)),
    Label("b2", "Bank (Möbel)", synonyms=("bank",), translations=(("en", "bank"),)),
    Label("g", "Garten"),
    Label("j", "January", translations=(("de-AT", "Jänner"),)),
)


@pytest.fixture(scope="module")
def known(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a cluster with these labels and with documents that have them as tags."""
    folder = tmp_path_factory.mktemp("language")
    settings = load_settings(flags=flags_of(servers, folder))
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings))
    vectors = np.eye(384, dtype=np.float32)[: len(LABELS)]
    LabelIndex(client).load(LABELS, lambda some: vectors[: len(some)], "x" * 64, 384)
    prepare_training_index(client, INDEX)
    tags = [["Schach", "Garten"], ["Schach", "Bank (Geld)"], ["Bank (Möbel)", "Schach"]]
    documents = [
        Document(str(n), "text", {"text": "text", "tags": some, "tagging": {"status": "tagged"}})
        for n, some in enumerate(tags)
    ]
    load_documents(client, documents, INDEX)
    return settings


def test_the_label_index_keeps_the_translations(known: Settings) -> None:
    found = LabelIndex(connect(known.opensearch)).labels()
    assert {label.id: label for label in found} == {label.id: label for label in LABELS}


def test_tags_have_their_names_in_the_language_and_ids_where_they_share_one(
    known: Settings,
) -> None:
    client = connect(known.opensearch)
    tags = ["Schach", "Garten", "Bank (Geld)", "Bank (Möbel)", "unknown"]
    assert names_in(client, tags, "en-GB") == {
        "Schach": "chess",
        "Garten": "Garten",
        "Bank (Geld)": "bank (b1)",
        "Bank (Möbel)": "bank (b2)",
        "unknown": "unknown",
    }


def test_a_tag_is_found_by_its_name_in_the_language(known: Settings) -> None:
    client = connect(known.opensearch)
    assert tag_named(client, INDEX, "chess", "en") == "Schach"
    assert tag_named(client, INDEX, "chess", "en-GB") == "Schach"
    assert tag_named(client, INDEX, "Garten", "en") == "Garten"
    with pytest.raises(UserError, match=r"several labels are called bank in en: .*Bank \(Geld\)"):
        tag_named(client, INDEX, "bank", "en")
    with pytest.raises(UserError, match="Gartn is the name of no label in en, and no document"):
        tag_named(client, INDEX, "Gartn", "en")


def test_each_name_that_is_shown_finds_its_tag(known: Settings) -> None:
    client = connect(known.opensearch)
    for language in ("en", "de", "de-AT", "de-CH"):
        tags = [label.text for label in LABELS]
        for tag, shown in names_in(client, tags, language).items():
            assert tag_named(client, INDEX, shown, language) == tag
    assert names_in(client, ["January"], "de") == {"January": "Jänner"}


def test_facets_shows_names_and_keeps_tags(known: Settings, tmp_path: Any) -> None:
    lmtx = runner(environment_of(known), tmp_path)
    words = ("facets", "--index", INDEX, "--language", "en", "--with", "chess")
    shown = lmtx(*words)
    assert shown.returncode == 0, shown.stderr
    assert "chess" in shown.stdout
    assert "Schach" not in shown.stdout
    found = json.loads(lmtx(*words, "--json").stdout)
    assert found["tags"][0] == {"tag": "Schach", "count": 3}
    assert found["names"]["Schach"] == "chess"


def test_a_language_without_names_is_said_with_those_that_there_are(
    known: Settings, tmp_path: Any
) -> None:
    lmtx = runner(environment_of(known), tmp_path)
    missing = lmtx("facets", "--index", INDEX, "--language", "xx")
    assert missing.returncode == 0
    told = " ".join(missing.stderr.split())
    assert "No label of these tags has a name in xx" in told
    assert "they have names in en (" in told
    there = lmtx("facets", "--index", INDEX, "--language", "en_US")
    assert "No label of these tags" not in there.stderr
    assert "chess" in there.stdout


def test_the_page_shows_names_in_the_browsers_language(known: Settings) -> None:
    page = TestClient(create_app(known, INDEX), base_url="http://127.0.0.1:1")
    english = page.get("/api/documents", headers={"Accept-Language": "en-GB,de;q=0.5"}).json()
    assert english["tags"][0] == {"tag": "Schach", "count": 3}
    assert english["names"]["Schach"] == "chess"
    ordered = page.get("/api/documents", headers={"Accept-Language": "de;q=0.5, en"}).json()
    assert ordered["names"] == english["names"]
    german = page.get("/api/documents", headers={"Accept-Language": "de"}).json()
    assert german["names"] == {}
    (label,) = page.get("/api/labels?q=chess", headers={"Accept-Language": "en"}).json()["labels"]
    assert (label["text"], label["name"]) == ("Schach", "chess")
