"""Which truth the report knows for the judge's answers."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.evaluation.report.current import select_current
from lmtx_search.evaluation.report.gather import truth_of
from lmtx_search.judges.base import question_id
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.training.teacher.human_feedback import person_judgment

PROMPT = load_prompt("librarian")
JUDGE = {"digest": "j", "prompt": PROMPT.name, "prompt_digest": PROMPT.digest}
LABEL = Label("l", "Chess")
TRAINING, GIVEN = Document("1", "A training text"), Document("1", "A test text")


def said(document: Document) -> Judgment:
    id_ = question_id("j", PROMPT, document, LABEL)
    return Judgment(id_, document.id, LABEL.id, 0.9, 0, "j", PROMPT.digest)


def test_gold_tags_tell_only_about_the_text_that_they_belong_to() -> None:
    stored = [said(TRAINING), said(GIVEN), said(Document("1", "An earlier text"))]
    current = select_current(stored, [], [TRAINING], [GIVEN], [LABEL], JUDGE)
    assert list(current.judge) == stored[:2]
    assert current.notes == []
    truth = truth_of(current, {"1": {"l"}}, {"1": {"other"}})
    assert [truth(one) for one in stored[:2]] == [False, True]
    assert [truth_of(current, {"1": {"l"}}, None)(one) for one in stored[:2]] == [None, True]


def test_an_answer_of_a_person_about_the_same_text_comes_before_gold_tags() -> None:
    stored = [said(TRAINING), said(GIVEN)]
    people = [person_judgment(TRAINING, LABEL, True, 0)]
    current = select_current(stored, people, [TRAINING], [GIVEN], [LABEL], JUDGE)
    truth = truth_of(current, None, {"1": {"other"}})
    assert [truth(one) for one in stored] == [True, None]


def test_if_the_prompt_has_changed_an_id_of_two_texts_has_no_truth() -> None:
    judge = {**JUDGE, "prompt_digest": "another"}
    other = Document("2", "Another test text")
    stored = [said(GIVEN), said(other)]
    current = select_current(stored, [], [TRAINING], [GIVEN, other], [LABEL], judge)
    truth = truth_of(current, {"1": {"l"}, "2": {"l"}}, {"1": {"l"}})
    assert [truth(one) for one in stored] == [None, True]
    assert len(current.notes) == 1


def test_training_gold_without_gold_is_refused() -> None:
    pytest.importorskip("matplotlib")
    result = CliRunner().invoke(cli, ["report", "x.jsonl", "--train-gold", "t.tsv"])
    assert result.exit_code != 0
    assert "give the gold tags as a file (--gold)" in result.output + str(result.exception)
