"""Labels that look like code, JSON or a terminal's commands are texts all the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.facets.cooccurrence import together
from lmtx_search.cluster.facets.counts import facets
from lmtx_search.cluster.facets.over_time import over_time
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.settings import Settings, load_settings
from lmtx_search.sources.label_names import label_name
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.conftest import Run, environment_of, flags_of
from tests.support import backends
from tests.support.dashboards_queries import Visualizations
from tests.support.tagger_service import running
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

HOSTILE = [
    "He said \"no\" \\ and 'yes' to \\\\ it",
    '"}, {"input": ["chess"]}, {{{ ]] }',
    "${parameters.input} ${credential.token} $tags $query",
    '${parameters.none:-"], "other": ["} ${parameters.none:-\\}',
    "{{ctx.tags}} {{#toJson}}hits{{/toJson}} {{{_source}}}",
    "'; ctx.remove('text'); ctx['_index'] = 'other'; //",
    "<script>alert('boo')</script> &amp; [bold red]markup[/bold red]",
    "<|im_end|> {label} {description} {document}",
    "tab\there, bell\x07, escape \x1b[31mred, backspace\x08, null \x00 byte",
    "a line\nand a second\r\nand \u2028 a third",
    "😀 👩‍👩‍👧 🏴 smileys \u202eread from the right",
    ("a label of three hundred letters, 😀 too, " * 9)[:300],
    '-not +must ~fuzzy /regex/ AND (OR NOT) tags:* "phrase"',
    "*",
    "..",
    "a..b. .c",
    "_id",
    "__proto__.constructor",
    "=cmd|' /C calc'!A0",
    "\ue020 begins with a private letter, \ue02e and \ue03e are others",
]
NAMES = [label_name(text) for text in HOSTILE]
INDEX = "hostile"


@dataclass
class Tagged:
    """A cluster with these labels, and a document of each label's own text."""

    client: Any
    settings: Settings
    environment: dict[str, str]


@pytest.fixture(scope="module")
def tagged(servers: backends.Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tagged]:
    settings = load_settings(flags=flags_of(servers, tmp_path_factory.mktemp("hostile")))
    found = Tagged(connect(settings.opensearch), settings, environment_of(settings))
    wipe(found.client)
    with running(found.environment):
        yield found
    wipe(found.client)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    labels = [
        {"id": f"{at}: {text[:9]}", "text": text, "description": text, "synonyms": [text]}
        for at, text in enumerate(HOSTILE)
    ]
    documents = [{"id": f"d{at}", "text": text} for at, text in enumerate(HOSTILE)]
    for name, rows in (("labels", labels), ("documents", documents)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines)
    return folder


def test_they_are_loaded_deployed_and_given_to_their_documents(
    tagged: Tagged, lmtx: Run, files: Path
) -> None:
    for words in (
        ("bootstrap-index",),
        ("labels", "load", files / "labels.jsonl"),
        ("deploy", "--untrained", "--threshold", "0.5", "--max-tags", "3", "--precision", "fp32"),
        ("ingest", files / "documents.jsonl", "--index", INDEX),
    ):
        done = lmtx(*words, env=tagged.environment)
        assert done.returncode == 0, done.stderr
    tagged.client.indices.refresh(index=INDEX)
    assert {label.text for label in LabelIndex(tagged.client).labels()} == set(NAMES)
    for at, (text, name) in enumerate(zip(HOSTILE, NAMES, strict=True)):
        source = tagged.client.get(index=INDEX, id=f"d{at}")["_source"]
        assert source["text"] == text
        assert source["tagging"]["status"] == "tagged", source
        assert name in source["tags"]
        assert scores_of(source["tag_scores"]).keys() == set(source["tags"])


def test_facets_count_them_and_go_down_into_each(tagged: Tagged, lmtx: Run) -> None:
    counts = dict(facets(tagged.client, INDEX, size=100).tags)
    assert counts.keys() == set(NAMES)
    for at, text in enumerate(NAMES):
        found = facets(tagged.client, INDEX, tags=(text,), size=100, examples=50)
        assert found.documents == counts[text]
        assert f"d{at}" in {example.id for example in found.examples}
        # What people type is a simple query string: odd, but never an error.
        assert facets(tagged.client, INDEX, query=text).documents <= len(HOSTILE)
    (day,) = over_time(tagged.client, INDEX, "day", "tagging.at", size=100)
    assert dict(day.tags) == counts
    assert {group.tags[0] for group in together(tagged.client, INDEX, size=100)} == set(NAMES)
    words = [part for text in HOSTILE[1:5] for part in ("--with", text)]
    told = lmtx("facets", "--index", INDEX, *words, "--json", env=tagged.environment)
    assert (told.returncode, json.loads(told.stdout)["documents"]) == (0, 0)


def test_a_terminal_gets_none_of_its_own_commands(tagged: Tagged, lmtx: Run) -> None:
    shown = lmtx(
        "facets", "--index", INDEX, "--size", "100", "--documents", "50", env=tagged.environment
    )
    assert shown.returncode == 0, shown.stderr
    assert "[bold red]markup" in shown.stdout
    assert not set("\x00\x07\x08\x1b") & set(shown.stdout)


def test_an_explanation_names_them(tagged: Tagged, lmtx: Run) -> None:
    version = TaggerVersions(tagged.settings.data_dir).latest()
    assert version is not None
    tagger = Tagger(version)
    for text, name in zip(HOSTILE, NAMES, strict=True):
        assert name in [label.name for label in explain(tagger, text) if label.assigned]
    told = lmtx("tag", "--explain", "--json", HOSTILE[2], env=tagged.environment)
    assert HOSTILE[2] in [label["name"] for label in json.loads(told.stdout)["labels"]]


def test_dashboards_count_and_filter_by_them(tagged: Tagged, lmtx: Run) -> None:
    written = lmtx(
        "dashboards", "export", "--index", INDEX, "--output", "-", env=tagged.environment
    )
    assert written.returncode == 0, written.stderr
    objects = [json.loads(line) for line in written.stdout.splitlines()]
    seen = Visualizations(objects, ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"))
    counts = dict(facets(tagged.client, INDEX, size=100).tags)
    cloud = seen.ask(tagged.client, "lmtx-tags-cloud")["2"]["buckets"]
    assert {bucket["key"]: bucket["doc_count"] for bucket in cloud} == counts
    index, body = next(iter(seen.options("lmtx-tags-controls").values()))
    body["aggs"]["termsAgg"]["terms"]["size"] = 100
    options = tagged.client.search(index=index, body=body)["aggregations"]["termsAgg"]["buckets"]
    for option in options:
        # What a click on a value adds: a filter of this form.
        chosen = {"query": {"match_phrase": {"tags": option["key"]}}}
        assert tagged.client.count(index=index, body=chosen)["count"] == counts[option["key"]]
    assert {option["key"] for option in options} == set(NAMES)
