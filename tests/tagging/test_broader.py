"""The labels above a document's tags, without a cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from lmtx_search.encoder.bands import Bands
from lmtx_search.records import Tag
from lmtx_search.rules import Rules
from lmtx_search.tagging.scoring.broader import BroaderFacts, left_to_people
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.scoring.weights import answer_of
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.label_matrix import LabelRows
from tests.support.tiny_tagger import LABELS, TEXTS, version_of

# "gone" was retired, and "sport" and "leisure" are above each other.
ABOVE = {
    "chess": ("board", "sport"),
    "board": ("games",),
    "cards": ("games", "gone"),
    "sport": ("leisure",),
    "leisure": ("sport",),
}
IDS = ["chess", "cards", "board", "sport", "games", "leisure"]
ROWS = LabelRows.of(IDS, IDS, np.zeros((len(IDS), 0), dtype=np.float32), broader=ABOVE)
SCORES = {"chess": 0.6, "cards": 0.5}


def broader(rejected: set[str], for_people: set[str] | None = None) -> dict[str, float]:
    tags = [Tag(name, name, score) for name, score in SCORES.items()]
    weights = SCORES | BroaderFacts(ROWS, for_people or set()).weights(tags)
    return dict(answer_of(weights, frozenset(rejected)).broader)


@pytest.mark.parametrize(
    ("rejected", "left"),
    [
        (set(), {"board": 0.6, "sport": 0.6, "games": 1.1, "leisure": 0.6}),
        ({"chess"}, {"games": 0.5}),
        ({"cards"}, {"board": 0.6, "sport": 0.6, "games": 0.6, "leisure": 0.6}),
        ({"chess", "cards"}, {}),
        ({"board"}, {"sport": 0.6, "games": 1.1, "leisure": 0.6}),
    ],
)
def test_labels_above_a_rejected_tag_alone_stay_away(
    rejected: set[str], left: dict[str, float]
) -> None:
    assert broader(rejected) == pytest.approx(left)


def test_a_label_for_people_only_is_not_written_but_those_above_it_are() -> None:
    assert broader(set(), {"board", "sport"}) == {"games": 1.1, "leisure": 0.6}
    assert broader(set(), {"games"}) == {"board": 0.6, "sport": 0.6, "leisure": 0.6}
    assert broader(set(), {"sport", "leisure"}) == {"board": 0.6, "games": 1.1}


class TestRules:
    """The tag is "chess"; above it is "web", and above that "mail"."""

    TREE: ClassVar = {"1": ("3",), "3": ("2",)}

    def above(self, folder: Path, rules: Rules | None, *people: Any, **more: Any) -> list[str]:
        labels = [replace(one, broader=self.TREE.get(one.id, ())) for one in LABELS]
        folder = folder / str(len(list(folder.iterdir())))
        version = version_of(folder, 0.9, labels=labels, rules=rules, broader_tags=True, **more)
        tagger = Tagger(version)
        (decision,) = tagger.decide(["chess"])
        answer = answer_of(tagger.weights(decision), frozenset(), *people)
        assert "chess" in answer.tags
        return list(answer.broader)

    def test_without_any_all_above_are_written(self, tmp_path: Path) -> None:
        assert self.above(tmp_path, None) == ["mail", "web"]
        assert self.above(tmp_path, Rules(people_only=("4",))) == ["mail", "web"]

    def test_what_is_for_people_only_is_left_out(self, tmp_path: Path) -> None:
        assert self.above(tmp_path, Rules(people_only=("3",))) == ["mail"]

    @pytest.mark.parametrize("rules", [None, Rules(people_only=("4",))])
    def test_what_the_settings_never_apply_is_left_out(
        self, tmp_path: Path, rules: Rules | None
    ) -> None:
        bands = Bands(10.0, -9.0, 0.5, 0.1, of_labels={"3": (1.0, 0.1)})
        assert self.above(tmp_path, rules, bands=bands) == ["mail"]

    @pytest.mark.parametrize("rules", [None, Rules(people_only=("4",))])
    def test_labels_above_a_label_that_alone_is_applied_are_written(
        self, tmp_path: Path, rules: Rules | None
    ) -> None:
        bands = Bands(10.0, -9.0, 1.0, 0.1, of_labels={"1": (0.5, 0.1)})
        assert self.above(tmp_path, rules, bands=bands) == ["mail", "web"]

    def test_what_is_for_another_group_is_left_out(self, tmp_path: Path) -> None:
        rules = Rules(group_of={"3": "press"}, group_field="source")
        assert self.above(tmp_path, rules) == ["mail"]
        press = frozenset(), frozenset(["press"])
        assert self.above(tmp_path, rules, *press) == ["mail", "web"]

    def test_what_a_tag_or_a_manual_tag_excludes_is_left_out(self, tmp_path: Path) -> None:
        assert self.above(tmp_path, Rules(exclude=(("3", "1"),))) == ["mail"]
        rules = Rules(exclude=(("3", "4"),))
        assert self.above(tmp_path, rules) == ["mail", "web"]
        assert self.above(tmp_path, rules, frozenset([" a, and."])) == ["mail"]

    def test_labels_above_a_label_that_a_manual_tag_implies_are_written(
        self, tmp_path: Path
    ) -> None:
        rules = Rules(imply=(("4", "3"),))
        labels = [replace(one, broader=self.TREE.get(one.id, ())) for one in LABELS]
        tagger = Tagger(version_of(tmp_path, 0.9, labels=labels, rules=rules, broader_tags=True))
        (decision,) = tagger.decide(["nothing of it"])
        answer = answer_of(tagger.weights(decision), manual=frozenset([" a, and."]))
        assert (list(answer.tags), list(answer.broader)) == (["web"], ["mail"])


def test_labels_that_the_settings_never_apply_are_left_to_people(tmp_path: Path) -> None:
    bands = Bands(10.0, -2.5, 1.0, 0.1, of_labels={"1": (1.0, 0.1), "2": (0.5, 0.1)})
    manifest = version_of(tmp_path, bands=bands).manifest
    assert left_to_people(manifest, Rules(people_only=("3",))) == {"1", "3"}


def test_a_document_without_labels_above_its_tags_gets_no_longer_answer(tmp_path: Path) -> None:
    labels = [replace(one, broader=("1",) if one.id == "2" else ()) for one in LABELS]
    plain, with_broader = (
        Tagger(version_of(tmp_path / name, labels=labels, broader_tags=name == "broader"))
        for name in ("plain", "broader")
    )
    answers = [
        [tagger.weights(one) for one in tagger.decide(TEXTS)] for tagger in (plain, with_broader)
    ]
    more = [len(with_) - len(without) for without, with_ in zip(*answers, strict=True)]
    assert more == ["mail" in weights for weights in answers[0]]
    assert set(more) == {0, 1}


def test_an_answer_tells_about_labels_as_they_were_when_they_were_compared(tmp_path: Path) -> None:
    labels = [replace(one, broader=("1",) if one.id == "2" else ()) for one in LABELS]
    version = version_of(tmp_path, labels=labels, broader_tags=True)
    tagger = Tagger(version)
    decisions = tagger.decide(TEXTS)
    before = [tagger.weights(one) for one in decisions]
    digest = version.manifest.encoder_digest
    write_change(version.folder, digest, [], np.empty((0, version.manifest.dimension)), ["1"])
    after = [tagger.weights(one) for one in tagger.decide(TEXTS)]
    assert after != before
    assert [tagger.weights(one) for one in decisions] == before
