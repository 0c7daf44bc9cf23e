"""What people wrote in fields named like the product's, in an index and in files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.health.attached import open_changes
from lmtx_search.cluster.ml.pipeline import put_pipeline, read_pipeline, untagged_pipeline
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.cluster.setup.detach import plan_detach
from lmtx_search.doctor.texts import examine_own_tags
from lmtx_search.errors import UserError
from lmtx_search.tagging.retagging import Wish, carry_out, plan, preview
from tests.conftest import Run
from tests.tagging.conftest import CHESS, MAPPING, WEB, Attached

pytestmark = pytest.mark.integration

MINE = {**CHESS, "tags": ["embargo"]}
KEYWORD = {"properties": {**MAPPING["properties"], "tags": {"type": "keyword"}}}
METADATA = {
    "g1": {"_routing": "desk7"},
    "g2": {"_version": 7},
    "g3": {"_index": "elsewhere", "_score": 1.0},
    "g4": {"_if_seq_no": 5},
    "g5": {"_version_type": "external"},
    "g6": {"_ingest": {"x": 1}},
    "g7": {"_source": {"x": 1}},
    "g8": {"_primary_term": 1, "_id": "other"},
}


class TestAttach:
    def make(self, attached: Attached, mapping: dict[str, Any] | None = KEYWORD) -> Any:
        client = attached.client
        attached.index = "articles-mine"
        client.indices.create(index=attached.index, body={"mappings": mapping} if mapping else {})
        client.index(index=attached.index, id="1", body=MINE, params={"refresh": "true"})
        return client

    def test_a_field_of_ones_own_is_refused_until_somebody_decides(
        self, attached: Attached
    ) -> None:
        client = self.make(attached)
        with pytest.raises(UserError) as refused:
            plan_attach(client, attached.index, ["title", "text"])
        told = str(refused.value)
        assert told.startswith("articles-mine has its own field tags (keyword, 1 documents, for")
        assert "embargo" in told
        assert "--keep-own-tags" in told
        assert "documents.tags_field" in told

    def test_so_is_one_that_no_document_holds_yet(self, attached: Attached) -> None:
        client = attached.client
        client.indices.create(index="articles-empty", body={"mappings": KEYWORD})
        with pytest.raises(UserError, match="has its own field tags"):
            plan_attach(client, "articles-empty", ["title"])

    def test_a_field_that_cannot_hold_tags_needs_another_name(self, attached: Attached) -> None:
        client = self.make(attached, None)
        with pytest.raises(UserError, match=r"where tags need keyword: set documents\.tags_field"):
            plan_attach(client, attached.index, ["title"], keep_own_tags=True)

    def test_an_object_of_the_same_name_is_refused_too(self, attached: Attached) -> None:
        client = attached.client
        document = {**CHESS, "tagging": {"status": "by hand"}}
        client.index(index="articles-mine", id="1", body=document, params={"refresh": "true"})
        with pytest.raises(UserError, match=r"own field tagging \(object with status: text, 1 doc"):
            plan_attach(client, "articles-mine", ["title"], keep_own_tags=True)

    def test_kept_values_move_as_documents_are_tagged(self, attached: Attached) -> None:
        client = self.make(attached)
        attach(client, plan_attach(client, attached.index, ["title", "text"], keep_own_tags=True))
        assert plan_attach(client, attached.index, ["title", "text"], keep_own_tags=True) == []
        assert attached.source("1") == MINE  # until it is tagged
        made = plan(client, attached.settings, attached.index, Wish())
        (told,) = preview(client, made)
        assert [(one.name, one.values) for one in told.own] == [("tags", 1)]
        carry_out(client, attached.settings, made)
        client.index(index=attached.index, id="2", body={**WEB, "tags": ["mine", 7]})
        for id_, tag, mine in (("1", "Chess", ["embargo"]), ("2", "Web browser", ["mine", "7"])):
            source = attached.source(id_)
            assert (source["tags"][0], source["tags_manual"]) == (tag, mine)
            assert attached.state(id_) == "fits"

    def test_retag_refuses_values_that_came_later_and_moves_them_when_told_to(
        self, attached: Attached
    ) -> None:
        client = attached.client
        attached.bulk({"index": {"_id": "mine"}}, MINE)
        source = attached.source("mine")
        assert (source["tags"], source["tagging"]["status"]) == (["embargo"], "skipped")
        made = plan(client, attached.settings, "articles", Wish())
        with pytest.raises(UserError, match="has its own field tags"):
            carry_out(client, attached.settings, made)
        assert attached.source("mine") == source
        made = plan(client, attached.settings, "articles", Wish(keep_own_tags=True))
        (report,) = carry_out(client, attached.settings, made).values()
        assert (report.tagged, report.skipped) == (1, 0)
        assert attached.source("mine")["tags_manual"] == ["embargo"]
        assert attached.state("mine") == "fits"

    def test_what_was_decided_for_a_pattern_holds_for_later_indices(
        self, attached: Attached
    ) -> None:
        client, pattern = attached.client, "articles-*-en"
        client.indices.create(index="articles-a-en", body={"mappings": KEYWORD})
        attach(client, plan_attach(client, pattern, ["title", "text"], keep_own_tags=True))
        attached.index = "articles-b-en"
        client.index(index=attached.index, id="1", body=MINE, params={"refresh": "true"})
        source = attached.source("1")
        assert (source["tags"][0], source["tags_manual"]) == ("Chess", ["embargo"])
        assert read_pipeline(client).keeps("articles-c-en")
        assert not read_pipeline(client).keeps("articles-c-de")

    def test_detach_forgets_what_was_decided(self, attached: Attached) -> None:
        client = attached.client
        attach(client, plan_attach(client, "articles", ["title"], keep_own_tags=True))
        assert "articles" in read_pipeline(client).keep
        attach(client, plan_detach(client, "articles"))
        assert "articles" not in read_pipeline(client).keep

    def test_doctor_names_the_documents_that_nobody_decided_about(self, attached: Attached) -> None:
        client = attached.client
        assert examine_own_tags(client).status == "ok"
        attached.bulk({"index": {"_id": "mine"}}, MINE)
        found = examine_own_tags(client)
        assert found.status == "warn"
        assert found.found.startswith("1 documents are not tagged")
        assert found.todo == "lmtx-search retag --index articles --keep-own-tags"


class TestLaterIndices:
    """The decision stays with an index, and holds for the next one behind an attached name."""

    @pytest.fixture(params=["alias", "data stream"])
    def name(self, attached: Attached, request: pytest.FixtureRequest) -> Iterator[str]:
        """A name with one index, whose field ``tags`` is people's; not attached yet."""
        client, name = attached.client, "articles-news"
        if request.param == "alias":
            body = {"mappings": KEYWORD, "aliases": {name: {"is_write_index": True}}}
            client.indices.create(index=f"{name}-000001", body=body)
        else:
            stream = {"index_patterns": [name], "data_stream": {}, "priority": 7}
            made = {"template": {"mappings": KEYWORD}}
            client.indices.put_index_template(name="articles", body={**stream, **made})
            client.indices.create_data_stream(name=name)
        yield name
        attach(client, plan_detach(client, name))
        client.indices.delete_data_stream(name=f"{name}*")
        client.indices.delete_index_template(name="articles", params={"ignore": 404})

    @staticmethod
    def add(client: Any, name: str, **params: str) -> tuple[str, str]:
        """Send a document with tags of people's own; return the index that it went to, and id."""
        body = {**MINE, "@timestamp": "2026-01-01T00:00:00Z"}
        params = {"refresh": "true", "op_type": "create", **params}
        made = client.index(index=name, body=body, params=params)
        return made["_index"], made["_id"]

    @staticmethod
    def moved(attached: Attached, place: tuple[str, str]) -> bool:
        source = attached.source(place[1], place[0])
        found = (source["tagging"]["status"], source.get("tags_manual"))
        assert found in (("tagged", ["embargo"]), ("skipped", None)), source
        return found[0] == "tagged"

    def test_a_rollover_keeps_what_attach_decided(self, attached: Attached, name: str) -> None:
        client = attached.client
        attach(client, plan_attach(client, name, ["title", "text"], keep_own_tags=True))
        assert self.moved(attached, self.add(client, name))
        client.indices.rollover(alias=name)
        assert self.moved(attached, self.add(client, name))
        place = self.add(client, name, pipeline="_none")
        made = plan(client, attached.settings, name, Wish())
        carry_out(client, attached.settings, made)
        assert self.moved(attached, place)
        assert list(open_changes(client, read_pipeline(client))) == []

    def test_a_retag_of_an_attached_name_decides_for_later_indices(
        self, attached: Attached, name: str
    ) -> None:
        client = attached.client
        state = read_pipeline(client)
        client.index(index="articles", id="plain", body=CHESS)
        attach(client, plan_attach(client, name, ["title", "text"], keep_own_tags=True))
        attach(client, plan_detach(client, name))
        # An index that has the fields of the tags already is attached without a decision.
        attach(client, plan_attach(client, name, ["title", "text"]))
        place = self.add(client, name)
        assert not self.moved(attached, place)
        with pytest.raises(UserError, match="has its own field tags"):
            carry_out(client, attached.settings, plan(client, attached.settings, name, Wish()))
        wish = Wish(keep_own_tags=True)
        carry_out(client, attached.settings, plan(client, attached.settings, name, wish))
        assert self.moved(attached, place)
        client.indices.rollover(alias=name)
        assert self.moved(attached, self.add(client, name))
        assert read_pipeline(client).keep != state.keep

    def test_a_clone_and_the_next_deployment_keep_it(self, attached: Attached) -> None:
        client = attached.client
        attach(client, plan_attach(client, "articles", ["title", "text"], keep_own_tags=True))
        client.indices.add_block(index="articles", block="write")
        settings = {"index.blocks.write": None}
        body = {"settings": settings}
        client.indices.clone(index="articles", target="articles-clone", body=body)
        put_pipeline(client, read_pipeline(client).body)
        assert self.moved(attached, self.add(client, "articles-clone"))

    def test_another_name_with_the_same_fields_is_not_decided_about(
        self, attached: Attached
    ) -> None:
        client = attached.client
        client.indices.create(index="articles-kept", body={"mappings": KEYWORD})
        attach(client, plan_attach(client, "articles-kept", ["title", "text"], keep_own_tags=True))
        assert self.moved(attached, self.add(client, "articles-kept"))
        assert not self.moved(attached, self.add(client, "articles"))

    def test_attaching_again_does_not_take_the_decision_back(self, attached: Attached) -> None:
        client = attached.client
        attach(client, plan_attach(client, "articles", ["title", "text"], keep_own_tags=True))
        assert plan_attach(client, "articles", ["title", "text"]) == []
        attach(client, plan_attach(client, "articles", ["title"]))
        assert self.moved(attached, self.add(client, "articles"))


class TestFiles:
    @pytest.fixture(autouse=True)
    def ready(self, client: Any, lmtx: Run) -> None:
        assert lmtx("bootstrap-index").returncode == 0

    @pytest.fixture
    def write(self, tmp_path: Path) -> Callable[..., Path]:
        def write(*documents: dict[str, Any]) -> Path:
            path = tmp_path / "articles.jsonl"
            path.write_text("".join(json.dumps(one) + "\n" for one in documents))
            return path

        return write

    @pytest.mark.parametrize(
        ("words", "index"),
        [(("ingest", "--index", "mine"), "mine"), (("docs", "load"), "lmtx-documents")],
    )
    @pytest.mark.parametrize(
        ("theirs", "moved"),
        [
            ({"tags": ["to read", "shelf 3"]}, ["to read", "shelf 3"]),
            ({"tags": [{"id": 3, "name": "to read"}]}, ['{"id":3,"name":"to read"}']),
            ({"tagging": "auto"}, ["auto"]),
        ],
    )
    def test_values_of_ones_own_are_refused_or_moved(
        self,
        client: Any,
        lmtx: Run,
        write: Callable[..., Path],
        words: tuple[str, ...],
        index: str,
        theirs: dict[str, Any],
        moved: list[str],
    ) -> None:
        file = write({"id": "1", **CHESS}, {"id": "2", **CHESS, **theirs})
        refused = lmtx(*words, file)
        assert refused.returncode == 2
        (line,) = refused.stderr.strip().splitlines()
        assert line.startswith(f'Error: {file}, document "2": it has its own {next(iter(theirs))},')
        assert "--keep-own-tags" in line
        assert not client.indices.exists(index=index)

        done = lmtx(*words, file, "--keep-own-tags")
        assert done.returncode == 0, done.stderr
        source = client.get(index=index, id="2")["_source"]
        assert source["tags_manual"] == moved
        assert source.keys() - {"tagging"} == {"id", *CHESS, "tags_manual"}

    def test_such_a_value_far_down_in_a_file_fails_alone(
        self, client: Any, lmtx: Run, write: Callable[..., Path]
    ) -> None:
        plain = [{"id": str(n), "title": "x"} for n in range(1001)]
        done = lmtx("ingest", "--index", "mine", write(*plain, {"id": "last", **MINE}), "--json")
        assert done.returncode == 1
        report = json.loads(done.stdout)
        assert (report["failed"], report["indexed"]) == (1, 1001)
        assert "--keep-own-tags" in report["reasons"][0]["example"]

    @pytest.mark.parametrize(
        ("words", "index"),
        [(("ingest", "--index", "mine"), "mine"), (("docs", "load"), "lmtx-documents")],
    )
    def test_fields_named_like_metadata_are_only_data(
        self,
        client: Any,
        lmtx: Run,
        write: Callable[..., Path],
        words: tuple[str, ...],
        index: str,
    ) -> None:
        file = write(*({"id": id_, **CHESS, **own} for id_, own in METADATA.items()))
        done = lmtx(*words, file)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "named like OpenSearch's metadata (_routing, _version," in done.stderr
        hits = client.search(index=f"{index},elsewhere*", body={"size": 20})["hits"]["hits"]
        found = {hit["_id"]: hit for hit in hits}
        assert found.keys() == METADATA.keys()
        for id_, own in METADATA.items():
            assert (found[id_]["_index"], found[id_].get("_routing")) == (index, None)
            assert found[id_]["_source"]["file_metadata"] == own

    def test_without_an_id_field_the_id_is_that_of_an_export(
        self, client: Any, lmtx: Run, write: Callable[..., Path]
    ) -> None:
        done = lmtx("ingest", "--index", "mine", write({"_id": "1", **CHESS}))
        assert done.returncode == 0, done.stderr
        source = client.get(index="mine", id="1")["_source"]
        assert source.keys() - {"tagging"} == CHESS.keys()

    def test_documents_that_were_tagged_before_come_in_as_any_other(
        self, client: Any, lmtx: Run, write: Callable[..., Path]
    ) -> None:
        tagging = {"status": "tagged", "tagger": "v0", "at": "2026-01-01T00:00:00Z"}
        scores = [{"tag": "a", "score": 0.5}]
        tagged = {"id": "1", **CHESS, "tags": ["a"], "tag_scores": scores, "tagging": tagging}
        done = lmtx("ingest", "--index", "mine", write(tagged))
        assert done.returncode == 0, done.stderr
        source = client.get(index="mine", id="1")["_source"]
        assert source == {"id": "1", **CHESS, "tagging": {"status": "untagged"}}


class TestOtherNames:
    @pytest.fixture
    def renamed(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {
            "LMTX_DOCUMENTS_TAGS_FIELD": "auto_tags",
            "LMTX_DOCUMENTS_TAGGING_FIELD": "auto_tagging",
        }

    def test_everything_that_reads_or_writes_tags_uses_them(
        self, client: Any, lmtx: Run, renamed: dict[str, str], tmp_path: Path
    ) -> None:
        def run(*words: str | Path) -> str:
            done = lmtx(*words, env=renamed)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        run("bootstrap-index")
        assert "Nothing changed" in run("bootstrap-index")
        client.indices.create(index="mine", body={"mappings": KEYWORD})
        run("attach", "mine", "--text-field", "title")
        document = {**MINE, "tagging": "by hand"}
        client.index(index="mine", id="1", body=document, params={"refresh": "true"})
        source = client.get(index="mine", id="1")["_source"]
        assert source == {**document, "auto_tagging": {"status": "untagged"}}

        tagging = {"status": "tagged", "tagger": "v0", "at": "2026-01-01T00:00:00Z"}
        tagged = {**document, "auto_tags": ["a", "b"], "auto_tagging": tagging}
        params = {"refresh": "true", "pipeline": "_none"}
        client.index(index="mine", id="2", body=tagged, params=params)
        found = json.loads(run("facets", "--index", "mine", "--json"))
        assert found["tags"] == [{"tag": "a", "count": 1}, {"tag": "b", "count": 1}]
        chosen = run("facets", "--index", "mine", "--with", "a", "--over", "year", "--json")
        assert json.loads(chosen)["documents"] == 1
        assert json.loads(run("status", "--json"))["cluster"]["documents"]["mine"] == {
            "tagged": 1,
            "untagged": 1,
        }
        exported = tmp_path / "dashboards.ndjson"
        run("dashboards", "export", "--index", "mine", "--output", exported)
        text = exported.read_text()
        assert "auto_tagging.status:pending" in text
        assert '\\"field\\": \\"auto_tags\\"' in text

    def test_a_new_name_reaches_indices_that_are_attached(
        self, client: Any, lmtx: Run, renamed: dict[str, str]
    ) -> None:
        lmtx("bootstrap-index")
        client.indices.create(index="mine", body={"mappings": MAPPING})
        lmtx("attach", "mine", "--text-field", "title")
        told = lmtx("bootstrap-index", env=renamed).stdout
        # The field of the former name stops being copied into that of all tags.
        assert "fields auto_tags, auto_tagging, tags of index mine" in told
        assert (
            "which writes auto_tags, tags_broader, tag_scores, tags_suggested, "
            "suggestion_scores, auto_tagging" in told
        )
        client.index(index="mine", id="1", body=CHESS)
        assert client.get(index="mine", id="1")["_source"]["auto_tagging"]["status"] == "untagged"

    def test_an_older_pipeline_keeps_the_default_names(self, client: Any) -> None:
        body = untagged_pipeline()
        del body["processors"][0]["script"]["params"]["names"]
        put_pipeline(client, body)
        assert read_pipeline(client).names.tags == "tags"


@pytest.mark.parametrize("sent", [{"views": 5}, {"title": "plays go"}])
def test_before_a_deployment_a_partial_update_leaves_a_persons_tags(
    client: Any, lmtx: Run, sent: dict[str, Any]
) -> None:
    lmtx("bootstrap-index")
    client.indices.create(index="mine", body={"mappings": MAPPING})
    lmtx("attach", "mine", "--text-field", "title")
    client.index(index="mine", id="1", body={**CHESS, "tags": ["to read"]})
    update = {"doc": sent, "doc_as_upsert": True}
    answer = client.bulk(body=[{"update": {"_id": "1"}}, update], index="mine")
    assert not answer["errors"]
    source = client.get(index="mine", id="1")["_source"]
    assert (source["tags"], source["tagging"]["status"]) == (["to read"], "untagged")
