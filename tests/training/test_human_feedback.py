"""People's answers count more than a judge's, in training as elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label, person_judgment_ids
from lmtx_search.training.development import DevelopmentRule, HeldOut, measure_development
from lmtx_search.training.targets.pseudo_positives import pseudo_positives
from lmtx_search.training.teacher.human_feedback import (
    person_judgment,
    prefer_people,
    without_refused,
)
from tests.support.memory_judge import MemoryStore, OneHost

A, B = Document("a", "chess program"), Document("b", "mail reader")
CHESS, MAIL = Label("chess", "chess"), Label("mail", "electronic mail")
LABELS = {"chess": CHESS, "mail": MAIL}
JUDGE = {"a": {"chess": 0.2, "mail": 0.9}}


def test_a_persons_answer_replaces_the_judges_and_comes_in_where_the_judge_was_not_asked() -> None:
    people = [person_judgment(A, MAIL, False, 0), person_judgment(B, MAIL, True, 0)]
    found = prefer_people(JUDGE, people, [A, B], LABELS)
    assert found == {"a": {"chess": 0.2, "mail": 0.0}, "b": {"mail": 1.0}}
    assert JUDGE == {"a": {"chess": 0.2, "mail": 0.9}}


def test_an_answer_about_another_text_document_or_label_does_not_count() -> None:
    before = person_judgment(Document("a", "an older text"), MAIL, False, 0)
    gone = person_judgment(A, Label("old", "old"), True, 0)
    elsewhere = person_judgment(B, MAIL, True, 0)
    assert prefer_people(JUDGE, [before, gone, elsewhere], [A], LABELS) == JUDGE


def test_no_document_is_pulled_to_what_a_person_refused() -> None:
    people = [person_judgment(A, MAIL, False, 0), person_judgment(B, MAIL, False, 0)]
    p_yes = prefer_people(JUDGE, people, [A, B], LABELS)
    positives = pseudo_positives(p_yes, threshold=0.8, always_best=True)
    assert without_refused(positives, p_yes) == {"a": frozenset({"chess"})}


def test_a_second_answer_to_the_same_pair_is_the_same_judgment() -> None:
    yes, no = person_judgment(A, MAIL, True, 0), person_judgment(A, MAIL, False, 3)
    assert yes.id == no.id
    assert (yes.p_yes, no.p_yes, yes.judge) == (1.0, 0.0, "person")


def test_answers_about_labels_or_documents_that_share_a_text_are_judgments_of_their_own() -> None:
    labels = {id_: Label(id_, "Bank") for id_ in ("bank-money", "bank-river")}
    river, money = labels["bank-river"], labels["bank-money"]
    wire = [Document("one", "The same report"), Document("two", "The same report")]
    people = [
        person_judgment(wire[0], river, True, 0),
        person_judgment(wire[0], money, False, 0),
        person_judgment(wire[1], river, False, 0),
    ]
    stored = {one.id: one for one in people}
    assert prefer_people({}, stored.values(), wire, labels) == {
        "one": {"bank-river": 1.0, "bank-money": 0.0},
        "two": {"bank-river": 0.0},
    }


def test_an_answer_of_an_earlier_release_counts_until_there_is_a_later_one() -> None:
    later = person_judgment(A, MAIL, False, 0)
    earlier = replace(later, id=person_judgment_ids(A, MAIL)[1], p_yes=1.0)
    assert prefer_people({}, [earlier], [A], LABELS) == {"a": {"mail": 1.0}}
    for both in ([earlier, later], [later, earlier]):
        assert prefer_people({}, both, [A], LABELS) == {"a": {"mail": 0.0}}


class Undecided(OneHost):
    """Says the same to everything."""

    name, digest = "judge", "j"
    prompt = load_prompt("librarian")

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        yield from (Answer(pair, 0.5) for pair in pairs)


def test_scores_are_calibrated_on_what_people_said() -> None:
    documents = [Document(f"d{n}", f"text {n}") for n in range(40)]
    after = {one.id: [("chess", n / 40)] for n, one in enumerate(documents)}
    people = [person_judgment(d, CHESS, n >= 20, 0) for n, d in enumerate(documents)]
    found = [
        measure_development(
            Undecided(),
            MemoryStore(),
            HeldOut(documents=documents, labels=LABELS, before={}, after=after, people=judgments),
            DevelopmentRule(yes_from=0.5, pairs_per_document=1, budget=Budget()),
        ).calibration
        for judgments in ([], people)
    ]
    assert found[0] is None
    assert found[1] is not None
    assert found[1].probability("chess", 0.9) > 0.8 > 0.2 > found[1].probability("chess", 0.1)
