"""Rules in both runtimes on the real node: at ingest, in `retag`, and in what commands say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.tagging.deployment.options import DeployOptions, Runtime
from lmtx_search.tagging.deployment.rollback import roll_back
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.conftest import Run
from tests.support.live_tagger import index_documents, load_labels
from tests.support.tagger_service import running

pytestmark = pytest.mark.integration

LABELS = [
    Label("chess", "Chess", "The board game of kings and pawns"),
    Label("board", "Board games", "Games on a board"),
    Label("web", "Web browser", "Shows pages of the World Wide Web"),
    Label("mail", "Mail", "Electronic mail"),
    Label("fun", "Fun"),
]
TEXTS = {
    "game": "plays chess, the board game, on a board",
    "page": "a web browser shows pages of the web and mail",
    "mail": "reads electronic mail",
    "both": "chess and board games by electronic mail in a web browser",
}
RULES = """\
people-only mail
exclude chess board
imply chess fun
imply board fun
group press web
"""


def with_rules(settings: Settings, folder: Path, text: str, **more: Any) -> Settings:
    file = folder / "rules.txt"
    file.write_text(text)
    label = settings.label.model_copy(update={"rules": file, "groups": "source", **more})
    return settings.model_copy(update={"label": label})


def deployed(client: Any, settings: Settings, runtime: Runtime) -> Tagger:
    options = DeployOptions("fp32", threshold=0.3, max_tags=3, runtime=runtime)
    done = deploy(client, settings, untrained_source(settings), options)
    return Tagger(TaggerVersions(settings.data_dir).get(done.version))


def documents() -> list[dict[str, Any]]:
    return [
        {"id": f"{name} {source}", "text": text, "source": source}
        for name, text in TEXTS.items()
        for source in ("press", "law")
    ]


def sources(client: Any, index: str = "articles") -> dict[str, dict[str, Any]]:
    client.indices.refresh(index=index)
    hits = client.search(index=index, body={"size": 100})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


@pytest.fixture
def cluster(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> Iterator[Any]:
    done = lmtx("bootstrap-index")
    assert done.returncode == 0, done.stderr
    load_labels(client, settings, LABELS)
    client.indices.delete(index="articles*", params={"ignore_unavailable": "true"})
    with running(environment):
        yield client


@pytest.mark.parametrize("runtime", ["service", "in-cluster"])
def test_both_runtimes_follow_them(
    cluster: Any, settings: Settings, tmp_path: Path, runtime: Runtime
) -> None:
    tagger = deployed(cluster, with_rules(settings, tmp_path, RULES), runtime)
    index_documents(cluster, "articles", documents())
    found = sources(cluster)
    for id_, source in found.items():
        (decision,) = tagger.decide([source["text"]], frozenset([source["source"]]))
        assert source["tags"] == [tag.name for tag in decision.applied], id_
        assert "Mail" not in source["tags"]
        assert not {"Chess", "Board games"} <= set(source["tags"])
        if {"Chess", "Board games"} & set(source["tags"]):
            assert "Fun" in source["tags"]
        assert source["source"] == "press" or "Web browser" not in source["tags"]
    assert "Web browser" in found["page press"]["tags"]
    told = found["page law"]["tagging"]["error"]
    assert told.startswith("no labels are for source = law: only those for all documents")


@pytest.mark.parametrize("runtime", ["service", "in-cluster"])
def test_manual_tags_take_part_in_them(
    cluster: Any, settings: Settings, tmp_path: Path, lmtx: Run, runtime: Runtime
) -> None:
    tree = [replace(one, broader=("up",)) if one.id in ("web", "mail") else one for one in LABELS]
    load_labels(cluster, settings, tree)
    rules = "exclude chess board\nimply chess fun\nimply fun odd\n"
    load_labels(cluster, settings, [*tree, Label("odd", "Quaint", broader=("up",))])
    documents = settings.documents.model_copy(update={"broader_tags": True})
    settings = settings.model_copy(update={"documents": documents})
    deployed(cluster, with_rules(settings, tmp_path, rules, groups=None, max_per_branch=1), runtime)
    page = {"text": TEXTS["page"]}
    index_documents(
        cluster,
        "articles",
        [
            {"id": "plain", **page},
            {"id": "mail", **page, "tags_manual": ["Mail"]},
            {"id": "chess", **page, "tags_manual": ["Chess"], "tags_rejected": ["Quaint"]},
        ],
    )

    def check() -> None:
        found = sources(cluster)
        assert found["plain"]["tags"] == ["Web browser"]
        assert "Web browser" not in found["mail"]["tags"]  # both are directly below "up"
        assert found["mail"]["tags_manual"] == ["Mail"]
        assert found["chess"]["tags"] == ["Fun", "Web browser"]
        assert found["chess"]["tag_scores"][0] == {"tag": "Fun", "score": 1.0}

    check()
    assert lmtx("retag", "--index", "articles", "--everything").returncode == 0
    check()


def test_retag_takes_new_rules_and_rollback_the_earlier_ones(
    cluster: Any, settings: Settings, tmp_path: Path, lmtx: Run
) -> None:
    first = deployed(cluster, settings, "service")
    index_documents(cluster, "articles", documents())
    assert {"Chess", "Board games"} <= set(sources(cluster)["game law"]["tags"])
    ruled = with_rules(settings, tmp_path, RULES)
    tagger = deployed(cluster, ruled, "service")
    rejecting = {"tags_rejected": ["Chess"]}
    cluster.update(index="articles", id="both law", body={"doc": rejecting})
    done = lmtx("retag", "--index", "articles", "--json")
    assert done.returncode == 0, done.stderr
    found = sources(cluster)
    assert not {"Chess", "Board games"} <= set(found["game law"]["tags"])
    assert found["both law"]["tags"][:1] == ["Board games"]

    checked = lmtx("doctor").stdout
    assert "the tagger follows 5 rules, and the settings" in checked, checked
    assert " 5 " in lmtx("taggers").stdout
    told = lmtx("tag", "--explain", TEXTS["both"], "--group", "press").stdout
    assert "excluded by Chess" in told or "excluded by Board games" in told, told
    assert "implied by " in told
    unknown = lmtx("tag", TEXTS["both"], "--group", "pres")
    assert "no labels for the group pres: its groups are press" in unknown.stderr

    roll_back(cluster, ruled, None)
    assert read_pipeline(cluster).tagger == first.manifest.version
    assert lmtx("retag", "--index", "articles").returncode == 0
    assert {"Chess", "Board games"} <= set(sources(cluster)["game law"]["tags"])
    roll_back(cluster, ruled, tagger.manifest.version)
    assert lmtx("retag", "--index", "articles").returncode == 0
    assert not {"Chess", "Board games"} <= set(sources(cluster)["game law"]["tags"])


def test_rules_that_cannot_be_followed_change_nothing(
    cluster: Any, settings: Settings, tmp_path: Path
) -> None:
    before = read_pipeline(cluster).body
    wrong = [
        ("people-only nowhere\n", "source", "rules.txt, line 1: no label has the id nowhere"),
        ("group a chess\n", None, "label.groups does not name the field"),
        ("people-only chess\n", "source", "no line `group NAME ID"),
    ]
    for text, field, told in wrong:
        with pytest.raises(UserError, match=told) as error:
            deployed(cluster, with_rules(settings, tmp_path, text, groups=field), "service")
        assert "\n" not in str(error.value)
    assert TaggerVersions(settings.data_dir).names() == []
    assert read_pipeline(cluster).body == before


def test_documents_are_left_untouched(cluster: Any, settings: Settings, lmtx: Run) -> None:
    query = json.dumps({"term": {"source.keyword": "law"}})
    documents_ = settings.documents.model_copy(update={"untouched_query": query})
    deployed(cluster, settings, "service")
    index_documents(cluster, "articles", documents())
    before = sources(cluster)
    deployed(cluster, settings.model_copy(update={"documents": documents_}), "service")
    dry = lmtx("retag", "--index", "articles", "--everything", "--dry-run").stdout
    assert "4 documents would be tagged again" in dry
    assert "4 others are left untouched" in dry
    done = lmtx("retag", "--index", "articles", "--everything").stdout
    assert "4 left untouched (documents.untouched_query)" in done
    after = sources(cluster)
    changed = {id_ for id_ in after if after[id_] != before[id_]}
    assert changed == {id_ for id_ in after if id_.endswith("press")}
    own = {"id": "new", "text": TEXTS["game"], "source": "law", "tags": ["mine"]}
    index_documents(cluster, "articles", [own])
    assert sources(cluster)["new"] == own
