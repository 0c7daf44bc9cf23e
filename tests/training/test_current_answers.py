"""Which answers of a judge are about the texts that documents and labels have now."""

from __future__ import annotations

from lmtx_search.judges.base import question_id
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import PERSON, Document, Judgment, Label, person_judgment_ids
from lmtx_search.training.teacher.current_answers import (
    about_current_texts,
    current_answers,
    pairs_left_out,
    people_about_current_texts,
    question_ids,
)

PROMPT = load_prompt("label-last")
RECORD = {"digest": "judge", "prompt": PROMPT.name, "prompt_digest": PROMPT.digest}
FOUND = question_ids(RECORD)
assert FOUND is not None
ID_OF = FOUND

CHESS, MAIL = Label("1", "chess"), Label("2", "mail")
LABELS = {label.id: label for label in (CHESS, MAIL)}
KEPT, CHANGED = Document("kept", "a board game"), Document("changed", "a game of cards")
BEFORE = Document("changed", "reads electronic mail")


def judged(document: Document, label: Label, p_yes: float) -> Judgment:
    id_ = question_id("judge", PROMPT, document, label)
    return Judgment(id_, document.id, label.id, p_yes, 0, "judge", PROMPT.digest)


def test_an_answer_about_an_earlier_text_or_an_earlier_name_is_left_out() -> None:
    fitting = judged(KEPT, CHESS, 0.9)
    others = [judged(BEFORE, MAIL, 0.8), judged(KEPT, Label("2", "letters"), 0.7)]
    every = [fitting, *others, judged(KEPT, Label("gone", "gone"), 0.6)]
    assert about_current_texts(every, [KEPT, CHANGED], LABELS, ID_OF) == [fitting]
    assert about_current_texts(every, [CHANGED, BEFORE], LABELS, ID_OF) == others[:1]


def test_answers_of_a_run_about_other_texts_give_way_to_later_ones() -> None:
    run = {"kept": {"1": 0.9, "2": 0.3}, "changed": {"1": 0.2, "2": 0.8}, "deleted": {"1": 0.5}}
    earlier = [judged(KEPT, CHESS, 0.9), judged(KEPT, MAIL, 0.3)]
    earlier += [judged(BEFORE, CHESS, 0.2), judged(BEFORE, MAIL, 0.8)]
    later = [judged(CHANGED, CHESS, 0.6), judged(Document("kept", "of another index"), MAIL, 0.99)]
    found = current_answers(run, later, [*earlier, *later], [KEPT, CHANGED], LABELS, ID_OF)
    assert found == {"kept": {"1": 0.9, "2": 0.3}, "changed": {"1": 0.6}}


def test_what_a_run_learned_counts_if_its_judgments_were_deleted() -> None:
    run = {"kept": {"1": 0.9}}
    assert current_answers(run, [], [], [KEPT], LABELS, ID_OF) == run


def test_the_questions_of_a_prompt_that_has_changed_are_unknown() -> None:
    assert question_ids({**RECORD, "prompt_digest": "of an earlier release"}) is None
    assert question_ids({**RECORD, "prompt": "removed.toml"}) is None


def test_a_persons_judgment_of_an_earlier_release_does_not_count_beside_a_new_one() -> None:
    document, label = Document("d", "A match."), Label("chess", "Chess")
    new, earlier = person_judgment_ids(document, label)
    said = [
        Judgment(earlier, "d", "chess", 0.0, 0, PERSON, ""),
        Judgment(new, "d", "chess", 1.0, 0, PERSON, ""),
    ]

    assert people_about_current_texts(said, [document], {"chess": label}) == said[1:]
    assert people_about_current_texts(said[:1], [document], {"chess": label}) == said[:1]


def test_an_answer_that_was_given_again_is_not_counted_as_left_out() -> None:
    document, label = Document("d", "A match."), Label("chess", "Chess")
    new, earlier = person_judgment_ids(document, label)
    said = [Judgment(id_, "d", "chess", 1.0, 0, PERSON, "") for id_ in (earlier, new)]
    said += [Judgment(id_, "d", "gone", 1.0, 0, PERSON, "") for id_ in ("one", "two")]

    assert pairs_left_out(said, people_about_current_texts(said, [document], {"chess": label})) == 1
