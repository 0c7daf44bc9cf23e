"""What the rules of a document's tagger change with a decision, and what undoing it puts back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.decisions.values import Before, Decision, decided, undone
from lmtx_search.encoder.bands import Bands
from lmtx_search.errors import UserError
from lmtx_search.rules import Rules
from lmtx_search.tag_fields import DEFAULT_FIELDS as FIELDS
from lmtx_search.ui.followed_rules import added_names, followed, gone_names, taken_back
from lmtx_search.ui.tagger_rules import TaggerRules, VersionRules
from tests.support.suggestions import tagged
from tests.support.tiny_tagger import LABELS, version_of

BANDS = Bands(10.0, -2.5, 0.5, 0.1)


def rules_of(folder: Path, rules: Rules, **more: Any) -> VersionRules:
    return VersionRules(version_of(folder, rules=rules, **{"bands": BANDS, "max_tags": 9, **more}))


def after(
    source: dict[str, Any], tag: str, decision: Decision, rules: VersionRules
) -> tuple[dict[str, Any], Before]:
    changed, before = decided(source, tag, decision, FIELDS)
    now = source | changed
    more, also = followed(now, source, rules, FIELDS)
    return now | more, {**before, **also}


def filled(source: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in source.items() if value != []}


def check_undo(source: dict[str, Any], tag: str, decision: Decision, rules: VersionRules) -> Any:
    """Return the document after a decision, having seen that undo restores the one before."""
    now, before = after(source, tag, decision, rules)
    assert filled(now | undone(now, tag, decision, before, FIELDS)) == filled(source)
    return now, before


def scored(*names: str) -> dict[str, float]:
    return {name: 0.9 - 0.1 * at for at, name in enumerate(names)}


def test_what_an_accepted_label_excludes_leaves_tags_and_suggestions(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(exclude=(("1", "2"), ("1", "3"))))
    source = tagged("d", scored("mail", " a, and."), scored("chess", "web"), tags_manual=["web"])
    source["tags_suggested"] = ["chess"]
    source["suggestion_scores"] = source["suggestion_scores"][:1]
    now, before = check_undo(source, "chess", "accept", rules)
    assert (now["tags"], now["tags_suggested"]) == ([" a, and."], [])
    assert [one["tag"] for one in now["tag_scores"]] == [" a, and."]
    assert now["tags_manual"] == ["web", "chess"]  # what people wrote stays
    assert gone_names(dict(before)) == ["mail"]


def test_an_accepted_label_brings_what_it_implies(tmp_path: Path) -> None:
    labels = [replace(one, broader=("4",) if one.id == "2" else ()) for one in LABELS]
    rules = rules_of(tmp_path, Rules(imply=(("1", "2"),)), labels=labels, broader_tags=True)
    source = tagged("d", scored("web"), scored("chess"))
    now, before = check_undo(source, "chess", "accept", rules)
    assert added_names(dict(before)) == ["mail"]
    assert now["tags"] == ["mail", "web"]
    assert now["tag_scores"] == [{"tag": "mail", "score": 1.0}, *source["tag_scores"]]
    assert now["tags_broader"] == [" a, and."]
    gone, _ = check_undo(now, "chess", "reject", rules)
    assert (gone["tags"], gone["tags_broader"]) == (["web"], [])


def test_where_nothing_is_applied_it_brings_a_suggestion(tmp_path: Path) -> None:
    bands = replace(BANDS, review_first=True)
    rules = rules_of(tmp_path, Rules(imply=(("1", "2"),)), bands=bands)
    now, _ = check_undo(tagged("d", {}, scored("chess", "web")), "chess", "accept", rules)
    assert (now["tags"], now["tags_suggested"]) == ([], ["mail", "web"])


def test_an_accepted_label_takes_a_place_in_its_branch(tmp_path: Path) -> None:
    labels = [replace(one, broader=("up",)) for one in LABELS]
    rules = rules_of(tmp_path, Rules(max_per_branch=2), labels=labels)
    source = tagged("d", scored("web", "mail"), {"chess": 0.3, " a, and.": 0.2})
    now, before = check_undo(source, "chess", "accept", rules)
    assert (now["tags"], now["tags_suggested"]) == (["web"], ["mail", " a, and."])
    assert now["suggestion_scores"][0] == source["tag_scores"][1]
    assert gone_names(dict(before)) == []


def test_a_rejected_tag_takes_what_only_it_implies_along(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(imply=(("1", "2"),)))
    source = tagged("d", {"chess": 0.8, "mail": 0.8, "web": 0.7})
    now, _ = check_undo(source, "chess", "reject", rules)
    assert now["tags"] == ["web"]
    own = tagged("d", {"chess": 0.8, "mail": 0.75, "web": 0.7})
    assert after(own, "chess", "reject", rules)[0]["tags"] == ["mail", "web"]


def test_a_tag_that_two_labels_imply_has_the_score_of_the_one_that_is_left(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(imply=(("1", "2"), ("3", "2"))))
    scores = {"chess": 0.8, "mail": 0.8, " a, and.": 0.7, "web": 0.6}
    now, before = check_undo(tagged("d", scores), "chess", "reject", rules)
    assert now["tags"] == [" a, and.", "web", "mail"]
    assert [one["probability"] for one in now["tag_scores"]] == [0.7, 0.6, 0.6]
    assert (gone_names(dict(before)), added_names(dict(before))) == ([], [])


def test_a_tag_that_a_manual_tag_still_implies_has_its_score(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(imply=(("1", "2"), ("3", "2"))))
    source = tagged("d", {"chess": 0.8, "mail": 0.8}, tags_manual=["web"])
    now, _ = check_undo(source, "chess", "reject", rules)
    assert now["tag_scores"] == [{"tag": "mail", "score": 1.0}]


def test_what_another_decision_excludes_does_not_return_with_undo(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(exclude=(("1", "3"), ("2", "3"))))
    chess, before = after(tagged("d", scored("web")), "chess", "accept", rules)
    both, _ = after(chess, "mail", "accept", rules)
    back, also = taken_back(both, "chess", "accept", before, rules, FIELDS)
    now = both | back
    assert (now["tags_manual"], now["tags"], now["tag_scores"]) == (["mail"], [], [])
    assert gone_names(also) == ["web"]


def test_without_another_decision_undo_puts_back_what_rules_would_leave_out(
    tmp_path: Path,
) -> None:
    rules = rules_of(tmp_path, Rules(exclude=(("1", "3"),)))
    source = tagged("d", scored("web"), scored("chess"))
    now, before = after(source, "chess", "accept", rules)
    back, also = taken_back(now, "chess", "accept", before, rules, FIELDS)
    assert (filled(now | back), also) == (filled(source), {})


def test_what_another_decision_implies_stays_with_undo(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(imply=(("1", "2"), ("3", "2"))))
    chess, before = after(tagged("d"), "chess", "accept", rules)
    both, _ = after(chess, "web", "accept", rules)
    back, _ = taken_back(both, "chess", "accept", before, rules, FIELDS)
    assert (both | back)["tags"] == ["mail"]


def test_tags_that_people_added_and_unknown_ones_stay(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(exclude=(("1", "2"),)))
    source = tagged("d", scored("web", "retired"), scored("chess"))
    source["tags"] = ["mail", *source["tags"]]  # without a score, so it is a person's
    now, _ = check_undo(source, "chess", "accept", rules)
    assert now["tags"] == ["mail", "web", "retired"]


def test_undo_leaves_what_somebody_has_decided_on_since(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, Rules(exclude=(("1", "2"), ("1", "3"))))
    source = tagged("d", scored("mail"), scored("web", "chess"))
    now, before = after(source, "chess", "accept", rules)
    now |= {"tags_rejected": ["mail"], "tags_manual": ["chess", "web"]}
    back = now | undone(now, "chess", "accept", before, FIELDS)
    assert (back["tags"], back["tags_suggested"]) == ([], ["chess"])


def test_a_version_that_is_not_here_is_an_error(tmp_path: Path) -> None:
    made = version_of(tmp_path)
    assert TaggerRules(tmp_path).of(made.manifest.version) is None
    with pytest.raises(UserError, match="no tagger version t1"):
        TaggerRules(tmp_path).of("t1")
