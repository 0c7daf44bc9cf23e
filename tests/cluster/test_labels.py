import json
from dataclasses import replace

import numpy as np
import pytest
from opensearchpy import NotFoundError

from lmtx_search.cluster.labels import digests
from lmtx_search.cluster.labels.bm25 import rank_bm25
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.labels.versions import version_body
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.records import Label, content_digest, short_digest
from lmtx_search.training.shortlist import search_in
from lmtx_search.words.names import DocumentWords

pytestmark = pytest.mark.integration

FIRST, SECOND = content_digest("first"), content_digest("second")
LABELS = [
    Label("a", "web browser", "shows pages", ("internet client",)),
    Label("b", "game"),
    Label("c", "text editor"),
]


def vector(label, dimension=384):
    """A direction of the label's own, the same each time."""
    seed = int(label.digest[:8], 16)
    drawn = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


class Encoder:
    """Stands in for a bi-encoder; remembers what it was asked."""

    def __init__(self, dimension=384, fail_after=None):
        self.dimension = dimension
        self.fail_after = fail_after
        self.asked = []

    def __call__(self, labels):
        if self.fail_after is not None and len(self.asked) >= self.fail_after:
            raise KeyboardInterrupt
        self.asked += [label.id for label in labels]
        return np.stack([vector(label, self.dimension) for label in labels])


@pytest.fixture
def index(client, settings):
    apply(client, plan(client, settings))
    return LabelIndex(client)


def counts(report):
    return (report.created, report.updated, report.unchanged, report.kept)


def test_the_first_load_adopts_the_empty_index(index):
    report = index.load(LABELS, Encoder(), FIRST, 384)
    assert counts(report) == (3, 0, 0, 0)
    info = index.current()
    assert (info.index, info.encoder_digest, info.count) == ("lmtx-labels-000001", FIRST, 3)
    assert list(index.labels()) == LABELS


def test_loading_again_embeds_nothing(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    encoder = Encoder()
    assert counts(index.load(LABELS, encoder, FIRST, 384)) == (0, 0, 3, 0)
    assert encoder.asked == []


def test_loading_again_updates_what_changed_and_keeps_the_rest(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    encoder = Encoder()
    changed = [Label("b", "game", "to play"), Label("d", "music")]
    assert counts(index.load([LABELS[0], *changed], encoder, FIRST, 384)) == (1, 1, 1, 1)
    assert encoder.asked == ["b", "d"]
    assert [label.id for label in index.labels()] == ["a", "b", "c", "d"]
    assert next(label for label in index.labels() if label.id == "b").description == "to play"


def test_another_encoder_writes_a_new_version_and_moves_the_alias(index, client):
    index.load(LABELS, Encoder(), FIRST, 384)
    report = index.load(LABELS[:1], Encoder(), SECOND, 384)
    assert report.new_version
    assert index.current().index == "lmtx-labels-000002"
    assert index.current().encoder_digest == SECOND
    assert list(index.labels()) == LABELS
    assert client.indices.exists(index="lmtx-labels-000001")


def test_another_dimension_writes_a_new_version(index):
    index.load(LABELS, Encoder(64), FIRST, 64)
    assert (index.current().dimension, index.current().count) == (64, 3)


def test_an_interrupted_new_version_is_continued(index, monkeypatch):
    monkeypatch.setattr("lmtx_search.cluster.labels.index._BATCH", 1)
    monkeypatch.setattr("lmtx_search.cluster.documents.bulk.CHUNK_ITEMS", 1)
    index.load(LABELS, Encoder(), FIRST, 384)
    with pytest.raises(KeyboardInterrupt):
        index.load(LABELS, Encoder(fail_after=2), SECOND, 384)
    assert index.current().encoder_digest == FIRST
    encoder = Encoder()
    report = index.load(LABELS, encoder, SECOND, 384)
    assert report.index == "lmtx-labels-000002"
    assert len(encoder.asked) < len(LABELS)
    assert list(index.labels()) == LABELS


def test_going_back_to_an_earlier_encoder_embeds_only_what_changed(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    index.load(LABELS, Encoder(), SECOND, 384)
    encoder = Encoder()
    added = Label("d", "music")
    report = index.load([*LABELS, added], encoder, FIRST, 384)
    assert encoder.asked == ["d"]
    assert (report.index, index.current().count) == ("lmtx-labels-000001", 4)


def test_a_version_can_be_written_from_vectors_and_switched_to_later(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    vectors = np.stack([vector(label) for label in LABELS])
    name = index.write_version(LABELS, vectors, SECOND, 384)
    assert index.current().encoder_digest == FIRST
    index.switch(name)
    assert index.current().encoder_digest == SECOND


def test_the_version_in_use_is_not_deleted(index):
    with pytest.raises(LmtxError, match="lmtx-labels-000001 is in use"):
        index.remove("lmtx-labels-000001")
    assert index.current().index == "lmtx-labels-000001"


@pytest.mark.parametrize("page", [2, 3, 10_000])
def test_the_digests_of_all_labels_are_read_page_by_page(index, monkeypatch, page):
    monkeypatch.setattr(digests, "_PAGE", page)
    assert index.digests() == {}
    index.load(LABELS, Encoder(), FIRST, 384)
    expected = {label.id: short_digest(label.digest) for label in LABELS}
    assert index.digests() == expected


def test_a_version_with_exactly_some_labels_is_found_by_their_digests(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    index.load(LABELS, Encoder(), SECOND, 384)
    here = index.digests()
    assert index.version_with(here, FIRST, 384) == "lmtx-labels-000001"
    assert index.version_with(here, content_digest("third"), 384) is None
    index.load([*LABELS, Label("d", "music")], Encoder(), SECOND, 384)
    assert index.version_with(index.digests(), FIRST, 384) is None


def test_a_version_of_an_owners_own_is_searched_by_name_and_discarded(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    vectors = np.stack([vector(label) for label in LABELS])
    name = index.write_version(LABELS, vectors, SECOND, 384, owner="run")
    assert index.search(vectors[:1], 1, index=name)[0][0][0] == LABELS[0].id
    assert index.write_version(LABELS, vectors, SECOND, 384, owner="run") == name
    index.discard("run", but=name)
    assert index.search(vectors[:1], 1, index=name)
    index.discard("run")
    with pytest.raises((LmtxError, NotFoundError)):
        index.search(vectors[:1], 1, index=name)
    assert index.current().encoder_digest == FIRST


def test_a_version_of_an_owners_own_is_not_taken_by_anyone_else(index, client):
    index.load(LABELS, Encoder(), FIRST, 384)
    own = index.write_version(LABELS, Encoder(), SECOND, 384, owner="run")
    other = index.write_version(LABELS, Encoder(), SECOND, 384)
    third = index.write_version(LABELS, Encoder(), SECOND, 384, owner="another run")
    assert len({own, other, third}) == 3
    index.discard("run")
    assert client.indices.exists(index=other)
    assert client.indices.exists(index=third)


def test_the_nearest_labels_come_first_with_their_cosine(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    queries = np.stack([vector(LABELS[1]), -vector(LABELS[0])])
    first, second = index.search(queries, 2)
    assert first[0] == ("b", pytest.approx(1.0, abs=1e-4))
    assert len(first) == len(second) == 2
    expected = float(vector(LABELS[1]) @ vector(dict(zip("abc", LABELS, strict=True))[first[1][0]]))
    assert first[1][1] == pytest.approx(expected, abs=1e-4)


MIXED = 0.6 * vector(LABELS[0]) + 0.8 * vector(LABELS[1])
NEAR_THE_GAME = MIXED / np.linalg.norm(MIXED)


def test_labels_that_a_document_names_are_in_its_shortlist_with_their_cosines(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    queries = np.stack([NEAR_THE_GAME, NEAR_THE_GAME, NEAR_THE_GAME])
    words = [{"internet": 1, "client": 2}, {"internet": 1, "text": 1}, {}]
    synonym, parts, nothing = index.search(queries, 2, words)
    assert [id_ for id_, _ in synonym] == ["a", "b"]
    for id_, cosine in synonym:
        label = dict(zip("abc", LABELS, strict=True))[id_]
        assert cosine == pytest.approx(float(NEAR_THE_GAME @ vector(label)), abs=1e-4)
    assert [id_ for id_, _ in parts] == [id_ for id_, _ in nothing] == ["b", "a"]


def test_the_label_index_and_the_search_in_memory_make_the_same_shortlists(index):
    topics = ["chess", "chess openings", "opening hours", "board games", "検索エンジン", "it"]
    labels = [Label(f"{row:02}", text) for row, text in enumerate(topics)]
    labels += [Label(f"x{row:02}", f"label {row}", synonyms=(f"name {row}",)) for row in range(60)]
    index.load(labels, Encoder(), FIRST, 384)
    texts = [
        "Chess openings: an opening of chess for board games of it",
        "Opening hours of label 7, of name 9, and of 検索エンジンの紹介",
        "nothing that is known",
    ]
    words = [DocumentWords(["it"] * 40, 100)(text) for text in texts]
    queries = np.stack([vector(Label(text, text)) for text in texts])
    in_memory = search_in(np.stack([vector(label) for label in labels]), labels)
    found, expected = index.search(queries, 8, words), in_memory(queries, 8, words)
    for ranking, wanted in zip(found, expected, strict=True):
        assert [id_ for id_, _ in ranking] == [id_ for id_, _ in wanted]
        cosines = [cosine for _, cosine in wanted]
        assert [cosine for _, cosine in ranking] == pytest.approx(cosines, abs=1e-4)


def test_more_words_than_a_query_takes_are_searched_as_far_as_they_fit(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    words = {"game": 1} | {f"word{row}": 1 + row % 7 for row in range(5000)}
    (ranking,) = index.search(vector(LABELS[0])[None], 2, [words])
    assert [id_ for id_, _ in ranking] == ["b", "a"]


def test_labels_of_a_release_that_wrote_no_words_get_them_with_the_next_load(index, client):
    index.load(LABELS, Encoder(), FIRST, 384)
    old = index.require().index
    client.indices.put_mapping(
        index=old, body={"_meta": {"schema": 3, "encoder": FIRST, "state": "ready"}}
    )
    assert not index.require().has_words
    report = index.load(LABELS[:2], Encoder(), FIRST, 384)
    assert (report.new_version, report.kept) == (True, 1)
    assert index.require().has_words
    assert list(index.labels()) == LABELS
    assert index.search(NEAR_THE_GAME[None], 1, [{"text": 1, "editor": 1}])[0][0][0] == "c"


def test_a_search_of_another_dimension_is_one_clear_line(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    with pytest.raises(LmtxError, match=r"cannot search lmtx-labels: .*dimension"):
        index.search(np.ones((1, 3), dtype=np.float32), 2)


def test_an_index_made_before_labels_had_broader_ones_takes_them(index, client):
    body = version_body(None, 384, "lucene")
    del body["mappings"]["properties"]["broader"]
    client.indices.delete(index="lmtx-labels-000001")
    client.indices.create(index="lmtx-labels-000001", body={**body, "aliases": {"lmtx-labels": {}}})
    index.load(LABELS, Encoder(), FIRST, 384)
    narrower = replace(LABELS[2], broader=("a",))
    assert counts(index.load([narrower], Encoder(), FIRST, 384)) == (0, 1, 0, 2)
    assert list(index.labels()) == [*LABELS[:2], narrower]


def test_without_bootstrap_it_says_what_to_run(client):
    with pytest.raises(UserError, match="run `lmtx-search bootstrap-index`"):
        LabelIndex(client).load(LABELS, Encoder(), FIRST, 384)


@pytest.mark.parametrize("encoder", [FIRST, SECOND])
def test_of_labels_that_are_not_loaded_those_to_retire_go_and_others_stay(index, encoder):
    index.load([*LABELS, Label("d", "music")], Encoder(), FIRST, 384)
    report = index.load(LABELS[:2], Encoder(), encoder, 384, retire=["a", "c", "unknown"])
    assert (report.retired, report.kept, report.new_version) == (1, 1, encoder == SECOND)
    assert [label.id for label in index.labels()] == ["a", "b", "d"]


def test_more_labels_are_retired_than_one_request_takes(index):
    labels = [Label(f"{row:04}", f"label {row}") for row in range(1200)]
    index.load(labels, Encoder(), FIRST, 384)
    index.load(labels[:3], Encoder(), FIRST, 384, retire=[label.id for label in labels[3:]])
    assert list(index.labels()) == labels[:3]


def test_a_plan_says_what_a_load_does_and_changes_nothing(index):
    index.load(LABELS, Encoder(), FIRST, 384)
    plan = index.plan([LABELS[0], Label("b", "game", "to play"), Label("d", "music")])
    assert (plan.created, plan.updated) == ({"d"}, {"b"})
    assert (plan.unchanged, plan.missing, plan.there) == ({"a"}, {"c"}, 3)
    assert list(index.labels()) == LABELS


def test_the_command_counts_what_is_left_out_of_a_thesaurus_by_reason(index, lmtx, tmp_path):
    (tmp_path / "t.ttl").write_text("""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    @prefix owl: <http://www.w3.org/2002/07/owl#> .
    <http://x/1> a skos:Concept ; skos:prefLabel "chess" .
    <http://x/2> a skos:Concept ; skos:prefLabel "old" ; owl:deprecated true .
    <http://x/3> a skos:Concept .""")
    shown = lmtx("labels", "load", "t.ttl", "--dry-run").stdout
    assert "Would create 1 labels" in shown
    assert "Left out: 1 concepts without a prefLabel (the first: http://x/3)" in shown
    assert index.current().count == 0
    report = json.loads(lmtx("labels", "load", "t.ttl", "--json").stdout)
    assert report["created"] == 1
    assert report["left_out"] == {
        "concepts that are marked as deprecated": 1,
        "concepts without a prefLabel": 1,
    }


def test_bm25_ranks_labels_by_the_words_they_share(index, client):
    index.load(LABELS, Encoder(), FIRST, 384)
    texts = ["An editor for text", "an internet page viewer", "the and of", "word " * 20_000]
    first, second, third, fourth = rank_bm25(client, texts, 2)
    assert first[0][0] == "c"
    assert second[0][0] == "a"
    assert third == fourth == []


def test_the_command_embeds_with_the_real_encoder_and_counts(index, lmtx, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,text,synonyms\n1,web browser,internet client\n2,strategy game,\n")
    first = json.loads(lmtx("labels", "load", path, "--json").stdout)
    assert (first["created"], first["unchanged"]) == (2, 0)
    path.write_text("id,text,synonyms\n1,web browser,internet client\n2,board game,\n")
    ran = lmtx("labels", "load", path)
    assert "0 labels created, 1 updated, 1 unchanged" in ran.stdout


def test_reading_more_of_a_label_embeds_it_anew(index, lmtx, tmp_path, environment):
    (tmp_path / "labels.jsonl").write_text('{"id": "1", "text": "web browser"}\n')
    assert json.loads(lmtx("labels", "load", "labels.jsonl", "--json").stdout)["created"] == 1
    planned = json.loads(lmtx("labels", "load", "labels.jsonl", "--dry-run", "--json").stdout)
    assert planned["new_version"] is False
    longer = environment | {"LMTX_ENCODER_LABEL_TOKENS": "32"}
    planned = lmtx("labels", "load", "labels.jsonl", "--dry-run", env=longer).stdout
    assert "All 1 labels would be embedded anew, and the alias lmtx-labels would move" in planned
    report = json.loads(lmtx("labels", "load", "labels.jsonl", "--json", env=longer).stdout)
    assert (report["unchanged"], report["new_version"]) == (1, True)


def test_a_wrong_label_file_changes_nothing(index, lmtx, tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id": "1", "text": "fine"}\n{"id": "2", "text": ""}\n')
    ran = lmtx("labels", "load", path)
    assert ran.returncode == 2
    assert f"Error: {path}, line 2: field text" in ran.stderr
    assert len(ran.stderr.splitlines()) <= 2
    assert index.current().count == 0
