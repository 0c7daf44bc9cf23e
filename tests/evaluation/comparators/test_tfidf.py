"""TF-IDF of words and of characters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lmtx_search.evaluation.comparators import ComparisonContext, open_comparator
from lmtx_search.progress import SILENT
from lmtx_search.records import Document, Label


def ranked(
    context: ComparisonContext, name: str, labels: list[Label], *texts: str
) -> list[list[str]]:
    documents = [Document(str(row), text) for row, text in enumerate(texts)]
    found = open_comparator(name).run(replace(context, labels=labels, documents=documents), SILENT)
    assert found.calls == 0
    return [list(found.output.rankings[document.id]) for document in documents]


def test_only_labels_with_a_word_in_common_are_ranked(context: ComparisonContext) -> None:
    found = open_comparator("tfidf").run(context, SILENT)
    assert found.output.rankings == {"a": ["chess"], "b": ["mail"], "c": []}


def test_plurals_are_found_by_their_singulars_and_the_other_way_round(
    context: ComparisonContext,
) -> None:
    labels = [Label("air", "Airports"), Label("policy", "policy")]
    assert ranked(context, "tfidf", labels, "an airport", "Policies") == [["air"], ["policy"]]


def test_words_beside_each_other_count_more_than_words_apart(context: ComparisonContext) -> None:
    labels = [Label("apart", "tax income"), Label("together", "income tax")]
    (found,) = ranked(context, "tfidf", labels, "what income tax is")
    assert found == ["together", "apart"]


def test_stop_words_neither_count_nor_separate_words(context: ComparisonContext) -> None:
    labels = [Label("sea", "law of the sea"), Label("of", "of the and")]
    (found,) = ranked(context, "tfidf", labels, "the law and the sea of ice")
    assert found == ["sea"]


def test_a_label_is_found_by_a_name_of_one_letter(context: ComparisonContext) -> None:
    assert ranked(context, "tfidf", [Label("r", "R")], "statistics in R") == [["r"]]


def test_characters_find_parts_of_compound_words(context: ComparisonContext) -> None:
    labels = [Label("school", "Schule"), Label("fish", "Fisch")]
    text = "Grundschulen in Hessen"
    assert ranked(context, "tfidf-chars", labels, text) == [["school"]]
    assert ranked(context, "tfidf", labels, text) == [[]]


def test_rare_words_count_by_all_training_documents(context: ComparisonContext) -> None:
    labels = [Label("web", "web site"), Label("chess", "chess site")]
    collection = [Document(str(n), "web") for n in range(20)]
    found = ranked(replace(context, training=collection), "tfidf", labels, "web chess")
    assert found == [["chess", "web"]]


def test_scikit_learn_is_an_extra(
    context: ComparisonContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lmtx_search.errors import MissingExtra
    from lmtx_search.evaluation.comparators import tfidf_scores

    monkeypatch.setattr(tfidf_scores, "find_spec", lambda name: None)
    for name in ("tfidf", "tfidf-chars", "fusion", "fusion-chars"):
        with pytest.raises(MissingExtra, match="evaluation"):
            open_comparator(name).run(context, SILENT)
