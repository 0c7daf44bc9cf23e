"""A store of judgments in memory, and a judge that answers one question after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.order import Case, Order
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Judgment


class MemoryStore:
    """Keeps judgments as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, Judgment] = {}

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        return {id_: self.kept[id_] for id_ in ids if id_ in self.kept}

    def of(self, judge: str, prompt: str | None = None) -> list[Judgment]:
        every = [one for one in self.kept.values() if one.judge == judge]
        return [one for one in every if prompt is None or one.prompt == prompt]

    def add(self, judgments: list[Judgment]) -> None:
        self.kept.update((judgment.id, judgment) for judgment in judgments)


class OneHost:
    """Asks one question after another."""

    lost: Mapping[str, str] = {}
    chat_problem = ""

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        raise NotImplementedError

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        for case in cases:
            while isinstance(position := order.next(case), int):
                (answer,) = self.ask([case.pairs[position]])
                case.answers[position] = answer.p_yes
                if answer.p_yes is not None:
                    order.learn(answer.pair, answer.p_yes)
                yield answer


class NumberJudge(OneHost):
    """Says yes to the label whose number is that of the document, modulo the number of labels.

    It fails at its ``dies_at``-th question.
    """

    name, digest = "judge", "j"
    prompt = load_prompt("librarian")
    labels: int

    def __init__(self, dies_at: int = 10**9) -> None:
        self.dies_at = dies_at
        self.asked: list[tuple[str, str]] = []

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        for pair in pairs:
            if len(self.asked) == self.dies_at:
                raise KeyboardInterrupt
            self.asked.append((pair.document.id, pair.label.id))
            right = int(pair.document.id[1:]) % self.labels == int(pair.label.id[1:])
            yield Answer(pair, 0.9 if right else 0.2 + pair.rank / 100)
