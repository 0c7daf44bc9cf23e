"""What comparators learn from, what of them is kept, and how samples are measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.evaluation.comparators import (
    COMPARATORS,
    ComparatorResult,
    ComparisonContext,
    open_comparator,
)
from lmtx_search.evaluation.comparators.icxml import rerank
from lmtx_search.evaluation.comparators.maclr import titled
from lmtx_search.evaluation.comparators.rts import segmented
from lmtx_search.evaluation.comparison.comparison import (
    Comparison,
    best_opponents,
    comparison_record,
)
from lmtx_search.evaluation.comparison.judge_adds import judge_adds
from lmtx_search.evaluation.comparison.open_context import _learned_from
from lmtx_search.evaluation.comparison.result_cache import ResultCache
from lmtx_search.evaluation.comparison.run import _measured
from lmtx_search.evaluation.comparison.run_steps import steps_without_judge
from lmtx_search.evaluation.gold.coverage import UsableGold
from lmtx_search.evaluation.gold.gold_set import GoldSet, notes
from lmtx_search.evaluation.metrics.measure import Output, measure, weigh
from lmtx_search.evaluation.metrics.permutation_test import compare
from lmtx_search.judges.open import open_judge
from lmtx_search.progress import SILENT
from lmtx_search.records import Document
from lmtx_search.settings import OllamaSettings
from tests.evaluation.conftest import DOCUMENTS
from tests.support.fake_ollama import fake_ollama, first_token
from tests.support.notes import Notes
from tests.support.real_rankings import GOLD, MINILM, TFIDF, TRAIN


@pytest.mark.parametrize("name", COMPARATORS)
def test_each_comparator_is_opened_by_its_name(name: str, context: ComparisonContext) -> None:
    assert isinstance(open_comparator(name).identity(context), str)


def test_another_name_is_refused_with_what_there_is() -> None:
    with pytest.raises(UserError, match="no comparator 'bert': there are bm25, tfidf"):
        open_comparator("bert")


def test_what_cannot_run_says_why(context: ComparisonContext) -> None:
    few = replace(context, learn_from=DOCUMENTS[:3])
    untitled = replace(context, learn_from=[Document(str(n), "one line") for n in range(8)])
    for name, where, why in (
        ("control-all", replace(context, training=DOCUMENTS[:2]), "2 training documents are fewer"),
        ("control", few, "3 training documents are fewer than a batch of 4"),
        ("ceiling", context, "--train-gold"),
        ("maclr", untitled, "0 documents with title and text"),
        ("rts", untitled, "0 documents of 8 words"),
        ("lmtx", context, "lmtx-search train"),
    ):
        assert why in str(open_comparator(name).missing(where))
        assert open_comparator("tfidf").missing(where) is None


def test_a_title_is_the_first_line_of_a_text_that_has_more() -> None:
    documents = [
        Document("a", "Title\n\nText\nmore"),
        Document("b", "alone"),
        Document("c", "x\n "),
    ]
    assert list(titled(documents)) == [(Document("a", "Text\nmore"), "Title")]


def test_a_segment_is_cut_out_of_its_text_and_another_one_each_time() -> None:
    texts, segments, positives = segmented(DOCUMENTS, 3, seed=1)
    assert len(texts) == len(segments) == 24
    for text, segment in zip(texts, segments, strict=True):
        words = next(d for d in DOCUMENTS if d.id == text.id.split()[0]).text.split()
        cut = segment.text.split()
        assert 2 <= len(cut) <= len(words) // 2
        assert sorted(text.text.split() + cut) == sorted(words)
        assert positives[text.id][text.id] == 1.0
        assert sum(positives[text.id].values()) == 1.0
    assert len({segment.text for segment in segments}) > 16
    assert segmented(DOCUMENTS, 3, seed=1) == (texts, segments, positives)


def test_the_judge_puts_what_it_was_asked_first() -> None:
    ranking = ["a", "b", "c", "d", "e"]
    assert rerank(ranking, {"a": 0.1, "b": 0.9, "c": 0.9}) == ["b", "c", "a", "d", "e"]
    assert rerank(ranking, {}) == ranking


def test_the_re_ranking_of_a_model_that_was_pulled_anew_is_not_shown(
    context: ComparisonContext,
) -> None:
    def of(host: str) -> ComparisonContext:
        ollama = OllamaSettings(hosts=(host,), model="tiny")
        return replace(context, settings=context.settings.model_copy(update={"ollama": ollama}))

    icxml, yes, notes_of = open_comparator("icxml"), (200, first_token("Yes")), Notes()
    with fake_ollama(lambda _: yes, digest="old") as host:
        digest = open_judge(of(host).settings, context.prompt).digest
        stored = ComparatorResult(Output({}), judge=digest)
        assert icxml.is_current(stored, of(host), SILENT)
    with fake_ollama(lambda _: yes, digest="new") as host:
        assert not icxml.is_current(stored, of(host), SILENT)
    assert icxml.is_current(stored, of("http://127.0.0.1:9"), notes_of)
    assert "icxml: the stored result is shown without checking" in notes_of.kept[0]


def test_what_was_kept_comes_back_and_only_for_the_same(tmp_path: Path) -> None:
    kept = ResultCache(tmp_path / "results")
    found = ComparatorResult(Output({"a": ["x", "y"]}), 1.5, 2.5, 30, ("a",), "note")
    assert kept.get("icxml", "judge") is None
    kept.put("icxml", "judge", found)
    assert kept.get("icxml", "judge") == found
    assert kept.get("icxml", "another judge") is None


@pytest.fixture
def gold_set() -> GoldSet:
    return GoldSet(
        documents=[Document(id_, "text") for id_ in GOLD],
        labels=50,
        usable=UsableGold(GOLD, [], [], []),
        weighing=weigh(TRAIN),
        propensity=(0.55, 1.5),
        counted="the gold itself",
        repeated=0,
        bad_lines=0,
    )


def test_a_sample_is_compared_with_the_reference_on_its_own_documents(
    context: ComparisonContext, gold_set: GoldSet
) -> None:
    sample = tuple(sorted(GOLD)[:40])
    some = {id_: MINILM.rankings[id_] for id_ in sample}
    found = {
        "frozen": (ComparatorResult(TFIDF), False),
        "icxml": (ComparatorResult(Output(some), sample=sample), True),
        "lmtx": (ComparatorResult(MINILM), False),
    }
    rows, reference = _measured(found, gold_set, context, SILENT)
    assert reference == "lmtx"
    assert (rows["icxml"].documents, rows["lmtx"].documents) == (40, len(GOLD))
    # The same rankings, on the same documents: no difference at all.
    assert rows["icxml"].differences["P@1"].value == 0
    assert rows["frozen"].differences["P@1"].value == pytest.approx(
        rows["lmtx"].estimates["P@1"].value - rows["frozen"].estimates["P@1"].value
    )
    assert not rows["lmtx"].differences


def test_the_best_opponent_of_each_measure_uses_neither_a_judge_nor_gold_tags(
    context: ComparisonContext, gold_set: GoldSet
) -> None:
    perfect = Output({document: sorted(labels) for document, labels in GOLD.items()})
    outputs = {"tfidf": TFIDF, "unjudged": MINILM}
    outputs |= dict.fromkeys(("ceiling", "icxml", "lmtx"), perfect)
    found = {name: (ComparatorResult(output), False) for name, output in outputs.items()}
    rows, reference = _measured(found, gold_set, context, SILENT)
    comparison = Comparison("compare-1", gold_set, rows, reference, {}, 8, "run", 0)
    assert best_opponents(comparison) == {"P@1": "tfidf", "P@5": "unjudged", "R@10": "unjudged"}
    # The interval is that of the difference on the same documents, as the comparison has it.
    added = rows["unjudged"].differences["R@10"]
    assert (
        added
        == compare(
            measure(perfect, GOLD, gold_set.weighing, 0),
            measure(MINILM, GOLD, gold_set.weighing, 0),
        )["R@10"]
    )
    record = comparison_record(comparison)
    value, *ends = (100 * x for x in (added.value, added.low, added.high))
    said = f"lmtx minus unjudged: {value:+.1f} ({ends[0]:+.1f} to {ends[1]:+.1f})"
    assert judge_adds(record)[2].endswith(said)
    assert judge_adds({**record, "reference": "frozen"})[2].startswith(
        "Best without a judge, R@10: unjudged"
    )
    assert "minus" not in judge_adds({**record, "reference": "frozen"})[2]
    alone = {name: row for name, row in rows.items() if name in ("icxml", "lmtx")}
    assert best_opponents(replace(comparison, rows=alone)) == {}


def test_a_note_explains_measures_beyond_a_small_label_set(gold_set: GoldSet) -> None:
    (note,) = notes(replace(gold_set, labels=4))
    assert note == "There are 4 labels: R@100 includes all of them, and P@5 still divides by 5"
    assert notes(replace(gold_set, labels=100)) == []


def test_a_comparison_is_drawn_and_written_as_a_table(
    context: ComparisonContext, gold_set: GoldSet, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    from lmtx_search.evaluation.comparison.files import write_files

    lmtx = ComparatorResult(MINILM, learn_seconds=60, tag_seconds=5, calls=700)
    found = {"bm25": (ComparatorResult(TFIDF), False), "lmtx": (lmtx, False)}
    rows, reference = _measured(found, gold_set, context, SILENT)
    comparison = Comparison("compare-1", gold_set, rows, reference, {"rts": "why"}, 8, "run", 0)
    table, picture = write_files(comparison_record(comparison), tmp_path / "new" / "folder")
    lines = table.read_text().splitlines()
    assert lines[0].startswith("comparator,documents,learn_seconds,tag_seconds,calls,P@1 value")
    assert lines[2].startswith(f"lmtx,{len(GOLD)},60,5,700,")
    assert "<svg" in picture.read_text()


@pytest.mark.parametrize(("kept", "count"), [(1, 26), (2, 48)])
def test_comparators_learn_from_as_many_documents_as_the_encoder_that_was_kept(
    kept: int, count: int
) -> None:
    counts = [{"judged_documents": n, "documents_with_positive": n} for n in (26, 30)]
    cycles = [{"counts": one} for one in counts]
    record = {"cycles": cycles, "kept_cycle": kept, "counts": {"judged_documents": 48}}
    assert _learned_from(record) == count


def test_what_a_run_does_without_the_judge_is_said() -> None:
    counts = {"judged_documents": 100, "scored_documents": 3000, "named_stage": 1}
    counts["named_documents"] = 812
    said = steps_without_judge({"counts": counts, "words": {"cosine": 0.5}})
    assert said is not None
    assert "812 documents that name a label taught it first" in said
    assert "3,000 documents, judged or not (100 were judged)" in said
    assert "words count" in said
    assert said.endswith("unjudged has the same steps")
    rival = steps_without_judge({"counts": counts, "words": None, "kept": "untrained"})
    assert rival is not None
    assert "lmtx is the untrained encoder" in rival


def test_of_a_run_that_only_the_judge_taught_nothing_is_said() -> None:
    counts = {"judged_documents": 100, "scored_documents": 0}
    assert steps_without_judge({"counts": counts, "words": None}) is None
