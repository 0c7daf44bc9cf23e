"""What a report tells, and that it opens without a network."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.encoder import nearest
from lmtx_search.encoder.label_digests import passage_digests
from lmtx_search.evaluation.report.answers import LEAST, answer_statistics
from lmtx_search.evaluation.report.examples import examples
from lmtx_search.evaluation.report.gather import estimates_of
from lmtx_search.evaluation.report.health import label_health, near_duplicates
from lmtx_search.evaluation.report.measures import cycles_of
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.words.importance import WordImportance
from lmtx_search.words.weights import WordScoring, WordWeights, write_offsets
from tests.support.report_data import gathered

pytest.importorskip("matplotlib")

VECTORS = np.array([[1, 0], [0.96, 0.28], [0, 1], [0, 1]], dtype=np.float32)
LABELS = ["a", "b", "c", "d"]


def page(gold: bool) -> str:
    from lmtx_search.evaluation.report.render import render

    return render(gathered(gold))


class Tags(HTMLParser):
    """Collects what a page would fetch, and what is left open."""

    VOID = ("meta", "br", "img", "link")

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "xlink:href") and not str(value).startswith("#"):
                self.fetched.append(f"{tag} {name}={value}")
        if tag in ("script", "link", "iframe", "img"):
            self.fetched.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("gold", [True, False])
def test_it_fetches_nothing_and_is_well_formed(gold: bool) -> None:
    parser = Tags()
    html = page(gold)
    parser.feed(html)
    assert parser.fetched == []
    assert parser.open == []
    assert "@import" not in html
    assert "url(http" not in html


def test_each_figure_has_a_line_in_plain_words() -> None:
    figures = re.findall(r"<figure>.*?</figure>", page(True), re.DOTALL)
    assert len(figures) == 8
    for figure in figures:
        assert "<svg" in figure
        caption = re.search(r"<figcaption>(.+?)</figcaption>", figure, re.DOTALL)
        assert caption
        assert len(caption[1]) > 60


@pytest.mark.parametrize(
    ("deployed", "said"),
    [
        ({"encoder_kind": "static", "student": {"documents": 300, "agreement": 0.72}}, "in 72 %"),
        ({"encoder_kind": "transformer", "student": None}, "the trained encoder itself reads"),
        ({}, "the trained encoder itself reads"),  # a record of an earlier release
    ],
)
def test_it_says_which_kind_of_encoder_was_deployed(deployed: dict[str, Any], said: str) -> None:
    from lmtx_search.evaluation.report.render import render

    found = replace(gathered(), deployed={"version": "20260131-130000-abcdef", **deployed})
    assert said in render(found)
    assert "last deployed" not in page(True)


def test_what_users_wrote_is_shown_and_never_run() -> None:
    html = page(True)
    assert "Title <b>" not in html
    assert "Title &lt;b&gt;" in html
    assert "label &lt;" in html


def test_without_gold_tags_it_says_what_the_judge_found_and_how_to_measure() -> None:
    html = page(False)
    assert "50 %</b>of first tags are right, says the judge" in html
    assert "lmtx-search report FILE --gold GOLD" in html
    assert "Mostly together" in html
    assert "✓" not in html
    assert html.count("<figure>") == 5


def test_a_comparison_with_this_run_is_in_it() -> None:
    from dataclasses import replace

    from lmtx_search.evaluation.report.render import render

    found = gathered()
    row = {"documents": 60, "measures": found.quality["this run"]}
    compared = {
        "documents": 200,
        "learned_from": 120,
        "comparators": {"icxml": row, "lmtx": row},
        "reference": "lmtx",
    }
    html = render(replace(found, compared=compared))
    assert "Beside other ways" in html
    assert "first labels of 120 documents" in html
    beside = {"lmtx_without_judge": "lmtx contains steps that need no judge"}
    assert beside["lmtx_without_judge"] in render(replace(found, compared={**compared, **beside}))
    other = {**row, "differences": {"P@1": {"value": 0.05, "low": -0.01, "high": 0.11}}}
    added = {
        "comparators": {"unjudged": other, "lmtx": row},
        "best_without_judge": {"P@1": "unjudged"},
    }
    html = render(replace(found, compared={**compared, **added}))
    assert "lmtx minus unjudged: +5.0 (-1.0 to +11.0)." in html


@pytest.mark.parametrize(
    ("changes", "counts", "said", "unsaid"),
    [
        ({}, {}, "learned from 60 documents for which the judge", "judged or not"),
        ({}, {"scored_documents": 3000}, "learned from 3,000 documents, judged or not", "in all"),
        (
            {"kept": "named", "kept_because": "it: because"},
            {"named_documents": 812, "scored_documents": 3000},
            "learned from 812 documents that name a label",
            "number 2 was kept",
        ),
        ({"kept": "untrained"}, {"scored_documents": 3000}, "was not trained", "3,000 documents"),
    ],
)
def test_it_says_what_the_encoder_that_was_kept_learned_from(
    changes: dict[str, Any], counts: dict[str, int], said: str, unsaid: str
) -> None:
    from lmtx_search.evaluation.report.render import render

    found = gathered()
    record = {**found.record, **changes, "counts": {**found.record["counts"], **counts}}
    html = render(replace(found, record=record))
    assert said in html
    assert unsaid not in html
    assert ("Kept it: because." in html) is ("kept_because" in changes)


def test_it_counts_the_questions_on_which_the_server_failed() -> None:
    from lmtx_search.evaluation.report.render import render

    found = gathered()
    record = {**found.record, "counts": {**found.record["counts"], "failed": 1204}}
    assert "server failed on 1,204 questions" in render(replace(found, record=record))
    assert "server failed" not in page(True)


def test_it_says_how_many_answers_of_people_the_run_learned_from() -> None:
    from lmtx_search.evaluation.report.render import render

    assert "It saw no tags by people" in page(True)
    assert "learned from 12 answers of people" in render(replace(gathered(), people=12))
    assert "by people" not in render(replace(gathered(), people=None))


def test_an_estimate_without_gold_tags_is_shown_of_systems_of_this_run_only() -> None:
    systems = {"tagger": {"P@1": 1}, "bm25": {"P@1": 2}}
    record = {"systems": systems, "runs": {"tagger": "this", "bm25": None}}
    found = estimates_of(record, "this")
    assert found is not None
    assert list(found["systems"]) == ["tagger"]
    assert estimates_of(record, "another") is None
    assert estimates_of({"systems": systems}, "this") is None  # of an earlier release


def test_the_encoder_of_a_cycle_has_no_offsets_of_labels_that_changed_since_the_run(
    tmp_path: Path,
) -> None:
    cycle = tmp_path / "cycles" / "1"
    (cycle / "encoder").mkdir(parents=True)
    write_offsets(cycle, {"1": 0.1, "2": 0.2})
    learned = [Label("1", "chess"), Label("2", "mail")]
    words = WordScoring(WordWeights(0.0, 0.0, 1.0), WordImportance(np.ones(8, dtype=np.float32)))
    source = EncoderSource(
        tmp_path / "encoder", "run x", words=words, label_digests=passage_digests(learned)
    )
    (found,) = cycles_of(source, [Label("1", "music"), learned[1]])
    assert found.name == "1"
    assert found.words is not None
    assert found.words.offsets == {"2": pytest.approx(0.2)}


def test_unused_overused_similar_and_confused_labels_are_reported() -> None:
    tags = {"1": ["a"], "2": ["a"], "3": ["a", "c"], "4": ["a"]}
    gold = {"1": {"a"}, "2": {"b"}, "3": {"a", "c"}, "4": {"b"}}
    found = label_health(tags, LABELS, VECTORS, gold)
    assert found.never == ["b", "d"]
    assert found.overused == [("a", 1.0), ("c", 0.25)]
    assert [pair[:2] for pair in found.duplicates] == [("c", "d"), ("a", "b")]
    assert found.confused == [("b", "a", 2)]


def test_without_gold_tags_labels_that_mostly_occur_together_are_reported() -> None:
    tags = {"1": ["a", "b"], "2": ["a", "b"], "3": ["a", "c"], "4": ["d"]}
    assert label_health(tags, LABELS, VECTORS).confused == [("a", "b", 2)]


def test_near_duplicates_are_found_across_parts_and_the_nearest_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(300, 64)).astype(np.float32)
    vectors[280] = vectors[3]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    monkeypatch.setattr(nearest, "_PAIRS", 100 * len(vectors))
    (pair,) = near_duplicates([str(n) for n in range(300)], vectors)
    assert pair[:2] == ("3", "280")


def answer(n: int, p_yes: float, rank: int) -> Judgment:
    return Judgment(str(n), f"d{n}", "l", p_yes, rank, "judge", "prompt")


def test_yes_is_counted_by_rank_and_calibration_needs_enough_truth() -> None:
    judgments = [answer(n, 0.9 if n % 4 == 0 else 0.1, n % 2) for n in range(100)]
    found = answer_statistics(judgments, 0.5, lambda one: int(one.document_id[1:]) % 4 == 0)
    assert found.yes_by_rank == [(1, 0.5, 50), (2, 0.0, 50)]
    assert found.calibration[0] == pytest.approx((0.1, 0.0, 20))
    assert found.calibration[-1] == pytest.approx((0.9, 1.0, 20))
    few = answer_statistics(judgments[: LEAST - 1], 0.5, lambda _: True)
    assert (few.calibration, few.known) == ([], LEAST - 1)


def test_good_examples_agree_with_gold_and_of_the_bad_the_surest_comes_first() -> None:
    documents = [Document(id_, f"{id_}\ntext") for id_ in "pqrs"]
    tags = {"p": ["a"], "q": ["a"], "r": ["b"], "s": ["b"]}
    gold = {"p": {"a"}, "q": {"a", "c"}, "r": {"a"}, "s": {"a"}}
    scores = {"p": 0.5, "q": 0.5, "r": 0.4, "s": 0.8}
    good, bad = examples(documents, tags, {"a": "A", "b": "B", "c": "C"}, gold, scores)
    assert [one.id for one in good] == ["p", "q"]
    assert [one.id for one in bad] == ["s", "r"]
    assert (good[1].tags, good[1].missing) == ([("A", True)], ["C"])
    assert bad[0].tags == [("B", False)]
