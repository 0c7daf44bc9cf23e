"""`labels gaps` on a real cluster with a real tagger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.feedback import keep_opinions
from lmtx_search.cluster.ml.pipeline import active, put_pipeline, read_pipeline, with_params
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.errors import UserError
from lmtx_search.gaps.find import find_gaps
from lmtx_search.gaps.report import Gaps
from lmtx_search.records import Document, Label, person_judgment_ids
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.deployment.label_updates import edit_labels
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.teacher.human_feedback import person_judgment
from lmtx_search.untouched import Untouched
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.live_tagger import deployed, index_documents, load_labels
from tests.support.tagger_service import LABELS, running
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

GARDENS = [
    "Roses need full sun and pruned stems in the garden",
    "How to plant tulips and roses in garden soil",
    "Watering roses: the garden in a dry summer",
    "Garden beds with roses and lavender",
    "Pruning garden roses after the first frost",
]
GAMES = [f"A program that plays chess, level {n}" for n in range(6)]


@pytest.fixture(scope="module")
def library(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Settings, Tagger]]:
    settings = load_settings(flags=flags_of(servers, tmp_path_factory.mktemp("gaps")))
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings), apply_settings=True)
    load_labels(client, settings, [*LABELS, Label("post", "Mail", "Electronic mail")])
    with running(environment_of(settings)):
        deployed(client, settings)
        documents = [{"id": f"g{n}", "text": text} for n, text in enumerate(GARDENS)]
        documents += [{"id": f"c{n}", "text": text} for n, text in enumerate(GAMES)]
        index_documents(client, "library", [*documents, {"id": "empty"}])
        version = active(client)
        assert version is not None
        yield client, settings, Tagger(TaggerVersions(settings.data_dir).get(version))


@pytest.fixture(scope="module")
def gaps(library: tuple[Any, Settings, Tagger]) -> Gaps:
    client, settings, tagger = library
    chess = LABELS[0]
    for id_, yes in (("c0", False), ("c1", False), ("c2", True)):
        document = Document(id_, GAMES[int(id_[1])])
        keep_opinions(client, [person_judgment(document, chess, yes, 0)])
    # What an earlier release kept of an answer that a person has given again is not left out.
    document = Document("c0", GAMES[0])
    _, earlier = person_judgment_ids(document, chess)
    keep_opinions(client, [replace(person_judgment(document, chess, True, 0), id=earlier)])
    named_before = replace(chess, text="Game: Kings")
    keep_opinions(client, [person_judgment(Document("c3", GAMES[3]), named_before, False, 0)])
    return find_gaps(client, settings, tagger, "library")


def test_the_theme_without_a_label_comes_first(gaps: Gaps) -> None:
    theme = gaps.themes[0]
    assert {example.id[0] for example in theme.examples} == {"g"}
    assert any("roses" in term or "garden" in term for term in theme.terms)
    assert (gaps.documents, gaps.without_text) == (11, 1)


def test_labels_that_no_document_has_are_listed(gaps: Gaps) -> None:
    unused = {label.id for label in gaps.unused}
    assert "mail-2" in unused
    assert "game::chess" not in unused
    assert gaps.unused_found == len(unused)
    assert (gaps.unused_needed, gaps.uncounted) == (0, [])


def test_the_label_with_fewer_documents_is_the_one_to_retire(gaps: Gaps) -> None:
    pairs = {frozenset((pair.keep_id, pair.retire_id)): pair for pair in gaps.near_duplicates}
    pair = pairs[frozenset(("mail-1", "post"))]
    assert pair.similarity > 0.999
    assert pair.command == f"lmtx-search labels retire {pair.retire_id}"
    assert pair.rule == f"exclude {pair.keep_id} {pair.retire_id}"
    assert all(pair.keep_documents >= pair.retire_documents for pair in gaps.near_duplicates)


def test_labels_that_people_reject_are_counted(gaps: Gaps) -> None:
    (rejected,) = gaps.rejected
    assert gaps.opinions_left_out == 1
    assert (rejected.id, rejected.rejected, rejected.judged) == ("game::chess", 2, 3)
    assert rejected.command == "lmtx-search labels retire game::chess"


def test_a_missing_index_is_one_clear_line(library: tuple[Any, Settings, Tagger]) -> None:
    client, settings, tagger = library
    with pytest.raises(UserError, match=r"no index gone at .*: check its name"):
        find_gaps(client, settings, tagger, "gone")


def test_a_renamed_label_still_has_the_documents_tagged_under_its_earlier_name(
    library: tuple[Any, Settings, Tagger],
) -> None:
    client, settings, tagger = library
    renamed = replace(LABELS[0], text="Royal game")
    edit_labels(client, settings, [renamed.id], lambda _: [renamed])
    found = find_gaps(client, settings, tagger, "library", most=100)
    assert "Royal game" in tagger.compared().current().names
    assert "game::chess" not in {label.id for label in found.unused}


def test_documents_that_are_never_touched_are_counted_and_not_read(
    library: tuple[Any, Settings, Tagger],
) -> None:
    client, settings, tagger = library
    before = read_pipeline(client).body
    untouched = asdict(Untouched.of('{"prefix": {"id": "g"}}'))
    put_pipeline(client, with_params(before, {"lmtx-text": {"untouched": untouched}}))
    try:
        found = find_gaps(client, settings, tagger, "library")
    finally:
        put_pipeline(client, before)
    assert (found.documents, found.without_text, found.untouched) == (6, 1, 5)
