"""Which pair of a document is asked next."""

from __future__ import annotations

import pytest

from lmtx_search.errors import UserError
from lmtx_search.judges.base import Pair
from lmtx_search.judges.order import ORDERS, WAIT, Case, Order, make_order
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.order.expected_gain import ExpectedGain
from lmtx_search.judges.order.until_first_yes import UntilFirstYes
from lmtx_search.records import Document, Label


def case(labels: int = 3) -> Case:
    document = Document("d", "text")
    return Case([Pair(document, Label(f"l{rank}", f"l{rank}"), rank) for rank in range(labels)])


def played(order: Order, answers: list[float | None]) -> list[int]:
    """Ask one after another until the order has enough; return what was asked."""
    found, asked = case(len(answers)), []
    while isinstance(position := order.next(found), int):
        asked.append(position)
        value = found.answers[position] = answers[position]
        if value is not None:
            order.learn(found.pairs[position], value)
    return asked


def test_exhaustive_asks_every_pair_whatever_the_answers() -> None:
    assert played(Exhaustive(), [0.9, None, 0.1]) == [0, 1, 2]


def test_exhaustive_waits_for_nothing() -> None:
    found = case()
    found.pending = {0, 1}
    assert Exhaustive().next(found) == 2


def test_until_first_yes_stops_at_the_first_yes() -> None:
    assert played(UntilFirstYes(0.5), [0.1, 0.7, 0.9]) == [0, 1]


def test_until_first_yes_goes_on_after_an_answer_that_is_neither() -> None:
    assert played(UntilFirstYes(0.5), [None, 0.2, 0.3]) == [0, 1, 2]


def test_until_first_yes_asks_nothing_where_a_yes_is_known() -> None:
    found = case()
    found.answers[2] = 0.8
    assert UntilFirstYes(0.5).next(found) is None


def test_until_first_yes_waits_for_the_answer_under_way() -> None:
    found = case()
    found.pending = {0}
    assert UntilFirstYes(0.5).next(found) is WAIT
    assert UntilFirstYes(0.5, ahead=1).next(found) == 1


def test_expected_gain_first_asks_as_the_exhaustive_order() -> None:
    assert played(ExpectedGain(explore=1), [0.1, 0.2, 0.3]) == [0, 1, 2]


def taught(rounds: int = 30) -> ExpectedGain:
    """An order that has seen the last rank say yes half of the time, the second one never."""
    order = ExpectedGain(explore=10)
    for number in range(rounds):
        for rank, p_yes in enumerate((0.3, 0.1, 0.9 * (number % 2))):
            order.learn(Pair(Document("x", "x"), Label(f"y{number}", "y"), rank), p_yes)
    return order


def test_expected_gain_asks_the_most_promising_rank_next() -> None:
    assert played(taught(), [0.3, 0.1, 0.9]) == [0, 2]


def test_expected_gain_stops_where_nothing_better_is_expected() -> None:
    assert played(taught(), [0.95, 0.1, 0.9]) == [0]


def test_expected_gain_asks_less_of_a_label_that_the_judge_never_likes() -> None:
    order, pair = taught(), case().pairs[2]
    before = order.gain(pair, 0.3)
    for _ in range(10):
        order.learn(pair, 0.0)
    assert order.gain(pair, 0.3) < before


def test_expected_gain_sees_each_answer_before_it_goes_on() -> None:
    found = case()
    found.pending = {0}
    assert taught().next(found) is WAIT
    found.answers = {1: 0.1, 2: 0.1}
    assert taught().next(found) is WAIT


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_chosen_by_name(name: str) -> None:
    assert played(make_order(name, 0.5), [0.9]) == [0]


def test_an_unknown_order_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="exhaustive, until-first-yes"):
        make_order("random", 0.5)
