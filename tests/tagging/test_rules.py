"""Rules about labels, as a tagger follows them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.encoder.bands import Bands
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.rules import Rules
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Decision, Tagger
from lmtx_search.tagging.scoring.weights import answer_of
from lmtx_search.tagging.stream import TagStream
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.support.tiny_tagger import LABELS, version_of

# The scores: " a, and." 0.5856, chess 0.5736, web 0.5286, mail below 0.
TEXT = "a web and chess"
BANDS = Bands(10.0, -2.5, 0.5, 0.1)
FIRST, SECOND, THIRD = "4", "1", "3"


def tagger_of(folder: Path, rules: Rules | None, **more: Any) -> Tagger:
    return Tagger(version_of(folder, rules=rules, **{"max_tags": 4, "bands": BANDS, **more}))


def decided(tagger: Tagger, **more: Any) -> Decision:
    (found,) = tagger.decide([TEXT], **more)
    return found


GROUPED = Rules(group_of={FIRST: "press", "2": "press", SECOND: "law"}, group_field="source")


def ids(tags: Any) -> list[str]:
    return [tag.label_id for tag in tags]


def why(tagger: Tagger, label: str) -> tuple[str, str]:
    (one,) = [one for one in explain(tagger, TEXT) if one.label_id == label]
    return one.band, one.because


def test_without_rules_the_three_are_tags(tmp_path: Path) -> None:
    assert ids(decided(tagger_of(tmp_path, None)).applied) == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("rules", [None, Rules(exclude=((SECOND, THIRD),))])
def test_what_people_decided_in_a_document_is_the_reason_there(
    tmp_path: Path, rules: Rules | None
) -> None:
    tagger = tagger_of(tmp_path, rules)
    name_of = {label.id: label.text for label in LABELS}
    rejected, manual = frozenset([name_of[FIRST]]), frozenset([name_of[SECOND]])
    found = {one.label_id: one for one in explain(tagger, TEXT, frozenset(), rejected, manual)}
    assert (found[FIRST].band, found[FIRST].because) == ("neither", "rejected by a person")
    assert not found[FIRST].assigned
    assert found[SECOND].assigned
    assert found[THIRD].assigned == (rules is None)


def test_a_manual_tag_that_excludes_a_label_is_said_to_be_one(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path, Rules(exclude=((FIRST, "4"), (SECOND, FIRST))), max_tags=1)
    manual = frozenset(label.text for label in LABELS if label.id == SECOND)
    found = {one.label_id: one for one in explain(tagger, TEXT, manual=manual)}
    assert found[FIRST].because == f"excluded by {next(iter(manual))} (a manual tag)"


def test_a_label_for_people_only_is_suggested_with_its_probability(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path, Rules(people_only=(FIRST,)))
    found = decided(tagger)
    assert ids(found.applied) == [SECOND, THIRD]
    assert ids(found.suggested)[0] == FIRST
    assert found.suggested[0].probability == BANDS.probability(FIRST, found.suggested[0].score)
    assert why(tagger, FIRST) == ("suggested", "for people only")


def test_people_only_counts_without_probabilities_and_with_one_threshold(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path, Rules(people_only=(FIRST,)), bands=None)
    assert ids(decided(tagger).applied) == [SECOND, THIRD]
    assert decided(tagger).suggested == []
    assert why(tagger, FIRST) == ("neither", "for people only")


def test_of_two_that_exclude_each_other_the_better_one_stays(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path, Rules(exclude=((SECOND, THIRD), (FIRST, "2"))))
    found = decided(tagger)
    assert ids(found.applied) == [FIRST, SECOND]
    assert THIRD not in ids(found.suggested)
    assert why(tagger, THIRD) == ("neither", "excluded by chess")


def test_a_label_that_is_left_out_excludes_nothing(tmp_path: Path) -> None:
    found = decided(tagger_of(tmp_path, Rules(exclude=((FIRST, SECOND), (SECOND, THIRD)))))
    assert ids(found.applied) == [FIRST, THIRD]


def test_a_place_that_a_rule_frees_goes_to_the_next_label(tmp_path: Path) -> None:
    found = decided(tagger_of(tmp_path, Rules(exclude=((FIRST, SECOND),)), max_tags=2))
    assert ids(found.applied) == [FIRST, THIRD]


def test_an_implied_label_has_score_and_probability_of_the_other_one(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path, Rules(imply=((FIRST, "2"),)))
    first, implied = (decided(tagger).applied[at] for at in (0, 1))
    assert (first.label_id, implied.label_id, implied.name) == (FIRST, "2", "mail")
    assert (implied.score, implied.probability) == (first.score, first.probability)
    assert why(tagger, "2") == ("applied", "implied by  a, and.")


def test_what_is_for_people_only_is_not_implied(tmp_path: Path) -> None:
    rules = Rules(people_only=("2",), imply=((FIRST, "2"),))
    assert ids(decided(tagger_of(tmp_path, rules)).applied) == [FIRST, SECOND, THIRD]


def test_what_the_settings_never_apply_is_not_implied(tmp_path: Path) -> None:
    bands = replace(BANDS, of_labels={"2": (1.0, 0.1)})
    tagger = tagger_of(tmp_path, Rules(imply=((FIRST, "2"),)), bands=bands)
    (found,) = tagger.decide([TEXT])
    assert ids(found.applied) == [FIRST, SECOND, THIRD]
    assert answer_of(tagger.weights(found)).tags.keys() == {one.name for one in found.applied}


def test_a_label_excludes_what_its_implied_label_excludes(tmp_path: Path) -> None:
    rules = Rules(exclude=(("2", SECOND),), imply=((FIRST, "2"),))
    tagger = tagger_of(tmp_path, rules)
    assert ids(decided(tagger).applied) == [FIRST, "2", THIRD]
    assert why(tagger, SECOND) == ("neither", "excluded by  a, and.")


def test_of_a_branch_only_so_many_are_tags(tmp_path: Path) -> None:
    labels = [replace(label, broader=("up",)) if label.id != "2" else label for label in LABELS]
    tagger = tagger_of(tmp_path, Rules(max_per_branch=2), labels=labels)
    found = decided(tagger)
    assert ids(found.applied) == [FIRST, SECOND]
    assert ids(found.suggested) == [THIRD]
    assert why(tagger, THIRD) == ("suggested", "limit of the branch up: 2 tags")
    one = tagger_of(tmp_path / "one", Rules(max_per_branch=1), labels=labels)
    assert why(one, THIRD) == ("suggested", "limit of the branch up: 1 tag")


def test_broader_labels_are_those_of_the_tags_that_are_left(tmp_path: Path) -> None:
    above = {FIRST: ("2",), SECOND: ("2",), THIRD: ("2",)}
    labels = [replace(label, broader=above.get(label.id, ())) for label in LABELS]
    rules = Rules(exclude=((FIRST, SECOND),))
    tagger = tagger_of(tmp_path, rules, labels=labels, broader_tags=True)
    found = decided(tagger)
    answer = answer_of(tagger.weights(found))
    first, third = (tag.score for tag in found.applied)
    assert dict(answer.broader) == {"mail": pytest.approx(first + third, abs=1e-4)}
    assert answer_of(tagger.weights(found), frozenset(["mail"])).broader == {}


class TestGroups:
    def test_a_label_of_a_group_is_for_its_documents_only(self, tmp_path: Path) -> None:
        tagger = tagger_of(tmp_path, GROUPED)
        assert ids(decided(tagger).applied) == [THIRD]
        assert ids(decided(tagger, groups=frozenset(["press"])).applied) == [FIRST, THIRD]
        assert ids(decided(tagger, groups=frozenset(["law", "x"])).applied) == [SECOND, THIRD]
        assert ids(decided(tagger, groups=frozenset(["x"])).applied) == [THIRD]
        assert FIRST not in ids(decided(tagger).suggested)
        assert why(tagger, FIRST) == ("neither", "only for documents of the group press")

    def test_the_labels_of_other_groups_take_no_places(self, tmp_path: Path) -> None:
        rules = replace(GROUPED, group_of={str(n): "many" for n in range(4, 90)})
        many = [Label(str(n), f"a web and chess {n}") for n in range(5, 90)]
        tagger = tagger_of(tmp_path, rules, labels=[*LABELS, *many], max_tags=2)
        assert ids(decided(tagger).applied) == ["1", "3"]

    def test_a_record_names_its_groups(self, tmp_path: Path) -> None:
        stream = TagStream(tagger_of(tmp_path, GROUPED), ["text"])
        records = [{"text": TEXT, "source": source} for source in ("press", ["law"], None, 7)]
        (batch,) = stream.run([json.dumps(one).encode() for one in records])
        done = [json.loads(line) for line in batch]
        tags = [one["tags"] for one in done]
        assert tags == [[" a, and.", "web"], ["chess", "web"], ["web"], ["web"]]
        told = [one["tagging"].get("error") for one in done]
        assert told[:2] == [None, None]
        assert [one.partition(":")[0] for one in told[2:]] == [
            "no labels are for source = nothing",
            "no labels are for source = 7",
        ]
        assert stream.report.without_group == 2


class TestWhatPeopleDecidedAboutADocument:
    def test_a_rejected_label_neither_excludes_nor_implies(self, tmp_path: Path) -> None:
        rules = Rules(exclude=((FIRST, SECOND),), imply=((FIRST, "2"),))
        tagger = tagger_of(tmp_path, rules)
        weights = tagger.weights(decided(tagger))
        assert list(answer_of(weights).tags) == [" a, and.", "mail", "web"]
        assert list(answer_of(weights, frozenset([" a, and."])).tags) == ["chess", "web"]
        assert "mail" not in answer_of(weights, frozenset(["mail"])).tags

    def test_a_manual_tag_excludes_even_if_it_scores_nothing(self, tmp_path: Path) -> None:
        tagger = tagger_of(tmp_path, Rules(exclude=((FIRST, "2"),)))
        weights = tagger.weights(decided(tagger))
        assert list(answer_of(weights, manual=frozenset(["mail"])).tags) == ["chess", "web"]

    def test_a_manual_tag_counts_in_its_branch_once(self, tmp_path: Path) -> None:
        labels = [replace(label, broader=("up",)) for label in LABELS]
        tagger = tagger_of(tmp_path, Rules(max_per_branch=2), labels=labels)
        weights = tagger.weights(decided(tagger))
        found = answer_of(weights, manual=frozenset(["mail"]))  # it scores nothing
        assert (list(found.tags), list(found.suggested)) == ([" a, and."], ["chess", "web"])
        found = answer_of(weights, manual=frozenset(["chess"]))  # it is a tag as well
        assert (list(found.tags), list(found.suggested)) == ([" a, and.", "chess"], ["web"])
        found = answer_of(weights, manual=frozenset(["mail", "web", "chess"]))
        assert (list(found.tags), list(found.suggested)) == (["chess", "web"], [" a, and."])

    def test_a_manual_tag_implies_others_even_if_it_scores_nothing(self, tmp_path: Path) -> None:
        tagger = tagger_of(tmp_path, Rules(imply=(("2", THIRD),)), max_tags=1)
        weights = tagger.weights(decided(tagger))
        mail = frozenset(["mail"])
        found = answer_of(weights, manual=mail)
        assert dict(found.tags) == {"web": 1.0, " a, and.": pytest.approx(0.5856, abs=1e-3)}
        assert "web" not in found.probabilities
        assert "web" not in answer_of(weights, frozenset(["web"]), mail).tags
        assert "web" not in answer_of(weights, manual=mail | {"web"}).tags
        implied = {one.label_id: one for one in explain(tagger, TEXT, manual=mail)}[THIRD]
        assert (implied.band, implied.because) == ("applied", "implied by mail (a manual tag)")

    def test_what_it_implies_follows_the_other_rules(self, tmp_path: Path) -> None:
        rules = Rules(
            exclude=(("2", SECOND),),
            imply=((FIRST, "2"),),
            group_of={FIRST: "g", "2": "g"},
            group_field="source",
        )
        tagger = tagger_of(tmp_path, rules)
        weights = tagger.weights(decided(tagger))
        first, group = frozenset([" a, and."]), frozenset(["g"])
        assert "mail" in answer_of(weights, manual=first, groups=group).tags
        assert "mail" not in answer_of(weights, manual=first).tags
        assert "mail" not in answer_of(weights, manual=first | {"chess"}, groups=group).tags

    def test_where_nothing_is_applied_it_implies_a_suggestion(self, tmp_path: Path) -> None:
        bands = replace(BANDS, review_first=True)
        tagger = tagger_of(tmp_path, Rules(imply=((FIRST, "2"),)), bands=bands)
        weights = tagger.weights(decided(tagger))
        assert "mail" not in answer_of(weights).suggested
        found = answer_of(weights, manual=frozenset([" a, and."]))
        assert found.tags == {}
        assert found.suggested["mail"] == 1.0
        assert "mail" not in found.probabilities

    def test_a_stream_does_the_same(self, tmp_path: Path) -> None:
        tagger = tagger_of(tmp_path, Rules(exclude=((FIRST, SECOND),), imply=((SECOND, "2"),)))
        records = [{"text": TEXT}, {"text": TEXT, "tags_rejected": " a, and."}]
        (batch,) = TagStream(tagger, ["text"]).run([json.dumps(one).encode() for one in records])
        plain, rejected = map(json.loads, batch)
        assert plain["tags"] == [" a, and.", "web"]
        assert rejected["tags"] == ["chess", "mail", "web"]
        (chess, mail, _) = rejected["tag_scores"]
        assert (mail["score"], mail["probability"]) == (chess["score"], chess["probability"])


class TestOfAVersion:
    def test_rules_are_read_back(self, tmp_path: Path) -> None:
        rules = Rules(("1",), (("2", "3"),), (("3", "4"),), {"4": "g", "3": "g"}, 2)
        made = version_of(tmp_path, rules=rules)
        read = TaggerVersions(tmp_path).get(made.manifest.version)
        assert (read.rules(), read.manifest) == (rules, made.manifest)
        assert read.manifest.rules is not None
        assert read.manifest.rules.number == rules.number == 6

    def test_one_without_rules_goes_on(self, tmp_path: Path) -> None:
        made = version_of(tmp_path, bands=BANDS)
        file = made.folder / "manifest.json"
        values = json.loads(file.read_text())
        del values["rules"]
        file.write_text(json.dumps(values))
        read = TaggerVersions(tmp_path).get(made.manifest.version)
        assert (read.rules(), read.manifest.rules) == (None, None)
        assert Tagger(read).decide([TEXT]) == Tagger(made).decide([TEXT])

    @pytest.mark.parametrize("content", ["{", '{"people_only": []}', None])
    def test_damaged_rules_are_one_clear_line(self, tmp_path: Path, content: str | None) -> None:
        made = version_of(tmp_path, rules=Rules(("1",)))
        file = made.folder / "rules.json"
        file.write_text(content or json.dumps(Rules(("2",)).record))
        with pytest.raises(UserError, match=r"rules\.json .*: deploy again"):
            Tagger(made)
