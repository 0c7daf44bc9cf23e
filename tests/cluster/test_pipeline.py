"""The pipeline's scripts, on the real cluster, with `_simulate`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lmtx_search.cluster.client import names
from lmtx_search.cluster.ml.pipeline import (
    active,
    keeping,
    pipeline_state,
    put_pipeline,
    read_pipeline,
    simulate,
    tagging_pipeline,
    untagged_pipeline,
    with_names,
    with_text_fields,
)
from lmtx_search.cluster.ml.pipeline_forms import note_of_added_steps, with_added_steps
from lmtx_search.errors import UserError
from lmtx_search.records import document_text
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields, scores_of
from lmtx_search.tagging.scoring.facts import ABOVE, fact
from lmtx_search.tagging.scoring.weights import PROBABILITY, SUGGESTED, answer_of
from tests.support.paths import ROOT

FIELDS = ("title", "text")
EARLIER = {
    "tags": ["a.b"],
    "tag_scores": [{"tag": "a.b", "score": 0.5}],
    "tags_broader": ["y"],
    "tags_suggested": ["c.d"],
    "suggestion_scores": [{"tag": "c.d", "score": 0.4, "probability": 0.35}],
    "tagging": {
        "status": "tagged",
        "tagger": "v0",
        "at": "2026-01-01T00:00:00Z",
        "best_score": 0.5,
    },
}


def test_the_state_is_read_back_from_the_body() -> None:
    state = pipeline_state(tagging_pipeline("v1", "model", FIELDS, {"news": ["body"]}))
    assert (state.tagger, state.model, state.indices) == ("v1", "model", {"news": ["body"]})


def test_before_a_deployment_there_is_no_tagger_but_text_fields_are_kept() -> None:
    state = pipeline_state(untagged_pipeline({"news": ["body"]}))
    assert (state.tagger, state.model, state.indices) == (None, None, {"news": ["body"]})


def test_only_the_text_fields_change_when_an_index_is_added() -> None:
    state = pipeline_state(tagging_pipeline("v1", "model", FIELDS))
    changed = with_text_fields(state, {"news": ["body"]})
    assert changed == tagging_pipeline("v1", "model", FIELDS, {"news": ["body"]})


@pytest.mark.parametrize("windows", range(1, 9))
def test_a_request_of_any_script_fits_the_buffer_that_the_operators_page_sets(windows: int) -> None:
    body = tagging_pipeline("v1", "model", FIELDS, windows=windows)
    characters = body["processors"][0]["script"]["params"]["characters"]
    documents = body["processors"][1]["sparse_encoding"]["batch_size"]
    page = (ROOT / "docs" / "operators.md").read_text()
    (buffer,) = re.findall(r"^    tune\.bufsize (\d+)$", page, re.MULTILINE)
    text = "本" * characters
    assert len(json.dumps([text] * documents, ensure_ascii=False).encode()) + 10_000 < int(buffer)


@pytest.mark.parametrize(("windows", "documents"), [(1, 256), (8, 32), (1000, 1)])
def test_a_request_holds_fewer_documents_the_more_is_read_of_each(
    windows: int, documents: int
) -> None:
    asks = tagging_pipeline("v", "m", FIELDS, windows=windows)["processors"][1]
    assert asks["sparse_encoding"]["batch_size"] == documents


def test_a_new_pipeline_keeps_the_steps_that_others_added_in_their_places() -> None:
    def step(field: str) -> dict[str, Any]:
        return {"set": {"field": field, "value": 1}}

    before = tagging_pipeline("v1", "m1", ["text"])
    text, *rest = before["processors"]
    before["processors"] = [step("first"), text, step("behind"), *rest, step("last")]
    before["on_failure"] += [step("failed")]
    new = tagging_pipeline("v2", "m2", ["text"])
    text, *rest = new["processors"]
    merged = with_added_steps(new, before)
    assert merged["processors"] == [step("first"), text, step("behind"), *rest, step("last")]
    assert merged["on_failure"] == [*new["on_failure"], step("failed")]
    assert "set, set, set, set" in note_of_added_steps(before)[0]
    # The step behind the only step of the pipeline before stays the last one.
    untagged = untagged_pipeline()
    untagged["processors"].append(step("last"))
    assert with_added_steps(new, untagged)["processors"] == [*new["processors"], step("last")]
    assert (with_added_steps(new, untagged_pipeline()), note_of_added_steps(new)) == (new, [])


@pytest.mark.integration
class TestOnTheCluster:
    def test_a_missing_pipeline_is_one_clear_line(self, client: Any) -> None:
        with pytest.raises(UserError, match="bootstrap-index"):
            read_pipeline(client)

    def test_the_active_version_is_read_back(self, client: Any) -> None:
        put_pipeline(client, untagged_pipeline())
        assert active(client) is None
        put_pipeline(client, tagging_pipeline("v1", "model", FIELDS))
        assert active(client) == "v1"

    def test_before_a_deployment_documents_are_untagged(self, client: Any) -> None:
        (source,) = simulate(client, untagged_pipeline(), [{"text": "x", **EARLIER}])
        assert source == {"text": "x", "tagging": {"status": "untagged"}}

    @pytest.mark.parametrize(
        "source",
        [
            {"title": "  A title ", "text": "Text"},
            {"title": "", "text": ["one", 2, ["three", None, {"not": "this"}, True], 4.5]},
            {"title": None, "text": {"not": "text"}},
            {"other": "x"},
            {"title": 7},
        ],
    )
    def test_the_text_is_what_training_reads(self, client: Any, source: dict[str, Any]) -> None:
        assert _text(client, source, FIELDS) == document_text(source, FIELDS)

    def test_a_text_field_may_be_a_path(self, client: Any) -> None:
        source = {"a": {"b": {"c": "inner"}}, "d.e": "dotted"}
        assert _text(client, source, ("a.b.c", "d.e", "a.none.c")) == "inner\ndotted"

    def test_some_names_of_a_path_may_be_one_with_dots(self, client: Any) -> None:
        source = {"a.b": {"c.d": "first"}, "a": [{"b.e": {"f": "second"}}, {"b": {"e": 7}}]}
        fields = ("a.b.c.d", "a.b.e.f", "a.b.none")
        assert _text(client, source, fields) == "first\nsecond" == document_text(source, fields)

    def test_a_text_field_may_be_inside_nested_objects(self, client: Any) -> None:
        parts = [{"text": "one"}, {"no": 1}, 7, {"text": ["two", 2], "by": [{"text": "x"}]}]
        source = {"title": "T", "parts": parts, "list": [["a"]]}
        text = _text(client, source, ("title", "parts.text", "parts.by.text", "list.none"))
        assert text == "T\none two 2\nx"
        assert text == document_text(source, ("title", "parts.text", "parts.by.text", "list.none"))

    def test_a_long_text_is_cut(self, client: Any) -> None:
        source = {"title": "T", "text": "word " * 1_000_000}
        assert 7990 < len(_text(client, source, FIELDS)) <= 8000

    def test_of_a_long_text_as_much_is_sent_as_its_windows_need(self, client: Any) -> None:
        source = {"title": "T", "text": "word " * 1_000_000}
        body = _first_step(tagging_pipeline("v", "m", FIELDS, windows=4))
        (given,) = simulate(client, body, [source])
        assert 31_990 < len(given["lmtx_text"]) <= 32_000

    def test_no_text_names_a_parameter_of_the_connector(self, client: Any) -> None:
        told = "${parameters.input} $${parameters.${parameters.x:-y} ${credential.token} ${x}"
        text = _text(client, {"text": told}, FIELDS)
        assert text == told.replace("${parameters", "$ {parameters")

    def test_no_character_is_cut_in_two(self, client: Any) -> None:
        for start in ("", "x"):
            text = _text(client, {"text": start + "😀" * 5000}, FIELDS)
            assert text.strip("x") == "😀" * len(text.strip("x"))

    def test_an_index_may_have_its_own_text_fields(self, client: Any) -> None:
        body = _first_step(tagging_pipeline("v", "m", FIELDS, {"lmtx-simulate": ["body"]}))
        (source,) = simulate(client, body, [{"title": "no", "body": "yes"}])
        assert source["lmtx_text"] == "yes"

    def test_tags_are_sorted_by_score_and_nothing_temporary_stays(self, client: Any) -> None:
        scores = {"b.c": 0.5, "a": 0.9, "😀 'q\"{}": 0.7}
        (source,) = simulate(client, _with_scores(scores), [{"text": "x", "n": 1}])
        assert source["tags"] == ["a", "😀 'q\"{}", "b.c"]
        assert [one["tag"] for one in source["tag_scores"]] == source["tags"]
        assert scores_of(source["tag_scores"]) == scores
        assert source["tagging"].pop("at")
        assert source["tagging"].pop("text_digest").startswith("8000-")
        assert source["tagging"] == {"status": "tagged", "tagger": "v1", "best_score": 0.9}
        assert source.keys() == {"text", "n", "tags", "tag_scores", "tagging"}

    def test_broader_labels_go_beside_the_tags(self, client: Any) -> None:
        above = [("b.c", "a"), ("d", "b.c"), ("d", "e"), ("a", "b.c"), ("e", "e")]
        scores = {"a": 0.9, "e": 0.4, **{fact(ABOVE, *both): 1 for both in above}}
        (source,) = simulate(client, _with_scores(scores), [{"text": "x", **EARLIER}])
        assert (source["tags"], scores_of(source["tag_scores"])) == (
            ["a", "e"],
            {"a": 0.9, "e": 0.4},
        )
        assert source["tags_broader"] == ["d", "b.c"]
        (source,) = simulate(client, _with_scores({"a": 0.9}), [{"text": "x", **EARLIER}])
        assert "tags_broader" not in source

    def test_sums_of_a_model_that_an_earlier_release_deployed_go_beside_the_tags(
        self, client: Any
    ) -> None:
        scores = {"a": 0.9, "\ue03eb.c": 0.5, "\ue03ea": 0.9, "\ue03ed": 1.4}
        (source,) = simulate(client, _with_scores(scores), [{"text": "x"}])
        assert (source["tags"], source["tags_broader"]) == (["a"], ["d", "b.c"])

    def test_suggestions_and_probabilities_go_beside_the_tags(self, client: Any) -> None:
        scores = {"a": 0.9, f"{SUGGESTED}b.c": 0.5, f"{SUGGESTED}d": 0.6, "e": 1.1}
        scores |= {f"{PROBABILITY}{name}": 0.3 for name in ("a", "b.c", "d")}
        (source,) = simulate(client, _with_scores(scores), [{"text": "x", **EARLIER}])
        assert (source["tags"], source["tags_suggested"]) == (["e", "a"], ["d", "b.c"])
        assert source["tag_scores"] == [
            {"tag": "e", "score": 1.1},
            {"tag": "a", "score": 0.9, "probability": 0.3},
        ]
        assert source["suggestion_scores"][1] == {"tag": "b.c", "score": 0.5, "probability": 0.3}
        assert source["tagging"]["best_score"] == 1.1

    def test_without_a_tag_the_best_suggestion_has_the_best_score(self, client: Any) -> None:
        (source,) = simulate(client, _with_scores({f"{SUGGESTED}a": 0.5}), [{"text": "x"}])
        assert (source["tags"], source["tagging"]["best_score"]) == ([], 0.5)

    def test_a_tagging_without_suggestions_removes_the_earlier_ones(self, client: Any) -> None:
        (source,) = simulate(client, _with_scores({"a": 0.9}), [{"text": "x", **EARLIER}])
        assert {"tags_suggested", "suggestion_scores"}.isdisjoint(source)

    @pytest.mark.parametrize("rejected", [["a", "s", "up", "d.e"], "a"])
    def test_what_people_rejected_is_not_written_and_their_field_stays(
        self, client: Any, rejected: Any
    ) -> None:
        scores = {"a": 0.9, "b": 0.8, f"{SUGGESTED}s": 0.5, f"{SUGGESTED}d.e": 0.4}
        above = [("up", "a"), ("up", "b"), ("on", "b"), ("gone", "a")]
        scores |= {fact(ABOVE, *both): 0.9 for both in above}
        given = {"text": "x", "tags_rejected": rejected, **EARLIER}
        (source,) = simulate(client, _with_scores(scores), [given])
        found = answer_of(scores, *DEFAULT_FIELDS.people_decided(given))
        assert "a" not in source["tags"]
        assert source["tags"] == list(found.tags)
        assert source["tags_broader"] == list(found.broader)
        assert "gone" not in source["tags_broader"]
        assert source.get("tags_suggested", []) == list(found.suggested)
        assert source["tags_rejected"] == rejected

    def test_what_people_assigned_is_not_suggested(self, client: Any) -> None:
        scores = {"a": 0.9, f"{SUGGESTED}s": 0.5, f"{SUGGESTED}t": 0.4}
        given = {"text": "x", "tags_manual": ["a", "s"]}
        (source,) = simulate(client, _with_scores(scores), [given])
        assert (source["tags"], source["tags_suggested"]) == (["a"], ["t"])
        assert source["tags_manual"] == ["a", "s"]

    def test_no_label_above_the_threshold_is_tagged_with_nothing(self, client: Any) -> None:
        (source,) = simulate(client, _with_scores({}), [{"text": "x"}])
        assert (source["tags"], source["tagging"]["status"]) == ([], "tagged")
        assert "best_score" not in source["tagging"]

    def test_a_document_without_text_goes_in_untagged(self, client: Any) -> None:
        body = tagging_pipeline("v1", "none", FIELDS)
        (source,) = simulate(client, body, [{"title": " ", "n": 1, **EARLIER}])
        assert source["tagging"].pop("text_digest")
        assert source == {"title": " ", "n": 1, "tagging": {"status": "untagged"}}

    def test_without_its_model_documents_are_pending(self, client: Any) -> None:
        (source,) = simulate(client, tagging_pipeline("v1", "none", FIELDS), [{"text": "x"}])
        assert source["tagging"]["status"] == "pending"
        assert "model" in source["tagging"]["error"]
        assert source.keys() == {"text", "tagging"}

    def test_a_pending_document_keeps_an_earlier_taggers_tags(self, client: Any) -> None:
        (source,) = simulate(
            client, tagging_pipeline("v1", "none", FIELDS), [{"text": "x", **EARLIER}]
        )
        assert source["tagging"].pop("error")
        tagging = {**EARLIER["tagging"], "status": "pending"}
        assert source == {"text": "x", **EARLIER, "tagging": tagging}

    def test_a_new_tagging_replaces_the_earlier_one(self, client: Any) -> None:
        for scores in (EARLIER["tag_scores"], {"a.b": 0.5}):  # as form 2 wrote them
            earlier = {**EARLIER, "tag_scores": scores}
            (source,) = simulate(client, _with_scores({"new": 0.4}), [{"text": "x", **earlier}])
            assert (source["tags"], scores_of(source["tag_scores"])) == (["new"], {"new": 0.4})
            assert source["tagging"]["tagger"] == "v1"

    def test_what_the_user_sent_comes_out_as_it_was(self, client: Any) -> None:
        theirs = {"a.b": 1, "c": {"d.e": {"": [{"f..g": 2}]}, "h": None}, "i": [1, "x", {"j": 2}]}
        theirs |= {
            "by": [{"name": "A", "id": 1, "of": [{"x": 1, "y": [[{"z": 1, "u.v": 2}], []]}]}]
        }
        for body in (_with_scores({"t": 0.5}), tagging_pipeline("v1", "none", FIELDS)):
            (source,) = simulate(client, body, [{"text": "x", **theirs}])
            assert {name: source[name] for name in theirs} == theirs

    @pytest.mark.parametrize(
        "theirs",
        [
            {"tags": ["to read", "shelf 3"]},
            {"tags": "embargo"},
            {"tag_scores": {"a": 1}},
            {"tags_broader": ["b"], "tagging": {"status": "untagged"}},
            {"tags_suggested": ["to check"]},
            {"suggestion_scores": 7},
        ],
    )
    def test_values_of_people_in_its_fields_stay_and_the_document_says_so(
        self, client: Any, theirs: dict[str, Any]
    ) -> None:
        for body in (_with_scores({"t": 0.5}), untagged_pipeline()):
            (source,) = simulate(client, body, [{"text": "x", **theirs}])
            tagging = source.pop("tagging")
            assert tagging["status"] == "skipped"
            assert "--keep-own-tags" in tagging["error"], tagging
            assert source == {"text": "x", **{k: v for k, v in theirs.items() if k != "tagging"}}
            # The next time nothing else happens.
            again = {**source, "tagging": tagging}
            assert simulate(client, body, [again]) == [again]

    @pytest.mark.parametrize(
        ("theirs", "manual"),
        [
            ({"tags": ["a", "b"]}, ["own", "a", "b"]),
            ({"tags": "own", "tagging": "auto"}, ["own", "auto"]),
            (
                {"tags": [{"id": 3, "name": 'to "read"'}, 7]},
                ["own", '{"id":3,"name":"to \\"read\\""}', "7"],
            ),
            (
                {"tagging": {"status": "done", "n": [1.5, None, True]}},
                ["own", '{"n":[1.5,null,true],"status":"done"}'],
            ),
        ],
    )
    def test_values_of_people_move_to_the_manual_tags_when_told_to(
        self, client: Any, theirs: dict[str, Any], manual: list[str]
    ) -> None:
        given = {"text": "x", "tags_manual": ["own"], **theirs}
        assert TagFields().moved(given)["tags_manual"] == manual
        body = keeping(pipeline_state(_with_scores({"t": 0.5})), ["lmtx-simulate"])
        (source,) = simulate(client, body, [given])
        assert (source["tags"], source["tags_manual"]) == (["t"], manual)
        assert source["tagging"]["status"] == "tagged"

    def test_what_its_mapping_cannot_hold_is_moved_so_that_no_document_is_refused(
        self, client: Any
    ) -> None:
        theirs = {"tags": [{"id": 3}], "tagging": "auto"}
        (source,) = simulate(client, _with_scores({"t": 0.5}), [{"text": "x", **theirs}])
        assert source["tags_manual"] == ['{"id":3}', "auto"]
        assert (source["tagging"]["status"], "tags" in source) == ("skipped", False)

    def test_a_tag_that_somebody_added_to_the_tags_is_theirs(self, client: Any) -> None:
        added = {"text": "x", **EARLIER, "tags": ["a.b", "embargo"]}
        (source,) = simulate(client, _with_scores({"t": 0.5}), [added])
        assert (source["tags"], source["tagging"]["status"]) == (["a.b", "embargo"], "skipped")
        assert source["tagging"]["tagger"] == "v0"
        assert simulate(client, _with_scores({"t": 0.5}), [source]) == [source]
        body = keeping(pipeline_state(_with_scores({"t": 0.5})), ["lmtx-simulate"])
        (source,) = simulate(client, body, [source])
        assert (source["tags"], source["tags_manual"]) == (["t"], ["embargo"])

    def test_a_field_of_the_users_own_that_a_later_release_would_write_stays_theirs(
        self, client: Any
    ) -> None:
        earlier = {key: EARLIER[key] for key in ("tags", "tag_scores", "tagging")}
        theirs = {"tags_suggested": ["mine"], "suggestion_scores": {"a": 1}}
        given = {"text": "x", **earlier, **theirs}
        (source,) = simulate(client, _with_scores({"t": 0.5}), [given])
        assert source["tagging"]["status"] == "skipped"
        assert {name: source[name] for name in theirs} == theirs

    def test_its_fields_may_have_other_names(self, client: Any) -> None:
        names_ = TagFields("auto_tags", "s", "b", "m", "t")
        body = with_names(_with_scores({"x": 0.5, fact(ABOVE, "up", "x"): 1}), names_)
        theirs = {"tags": ["mine"], "tagging": 7, "tag_scores": "good"}
        (source,) = simulate(client, body, [{"text": "x", **theirs}])
        assert source["t"]["status"] == "tagged"
        assert (source["auto_tags"], source["b"], source["s"][0]["tag"]) == (["x"], ["up"], "x")
        assert {name: source[name] for name in theirs} == theirs
        assert pipeline_state(body).names == names_

    def test_the_pipeline_is_stored_under_its_name(self, client: Any) -> None:
        put_pipeline(client, untagged_pipeline())
        assert names.PIPELINE in client.ingest.get_pipeline(id=names.PIPELINE)


def _first_step(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "processors": body["processors"][:1]}


def _text(client: Any, source: dict[str, Any], fields: tuple[str, ...]) -> str:
    (given,) = simulate(client, _first_step(tagging_pipeline("v", "m", fields)), [source])
    return str(given.get("lmtx_text", ""))


def _with_scores(scores: dict[str, float]) -> dict[str, Any]:
    """Return the pipeline with fixed scores in the model's place."""
    body = tagging_pipeline("v1", "none", FIELDS)
    source = "ctx.lmtx_scores = params.scores"
    fixed = {"script": {"source": source, "params": {"scores": scores}}}
    first, _, last = body["processors"]
    return {**body, "processors": [first, fixed, last]}
