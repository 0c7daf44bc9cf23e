"""What a judge said about pairs, and how many calls it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lmtx_search.judges.base import Answer, Pair


@dataclass
class HostCost:
    """Calls of a host, and how many of them have no answer.

    Attributes:
        neither: answers that were neither yes nor no.
        failed: calls that ended with an error of the server.
        failure: the last one of these errors.
    """

    asked: int = 0
    neither: int = 0
    failed: int = 0
    failure: str = ""

    def add(self, other: HostCost) -> None:
        """Add the later calls of the same host."""
        self.asked += other.asked
        self.neither += other.neither
        self.failed += other.failed
        self.failure = other.failure or self.failure


@dataclass
class JudgingResult:
    """The judge's answers, with their cost.

    Attributes:
        p_yes: P(yes) by document id, then by label id.
        nearness: of the same pairs, at the time when they were asked.
        asked: calls of this run.
        known: answers that were taken from stored judgments.
        neither: answers that were neither yes nor no. They are not stored. Calls that failed are
            not among them.
        too_long: how many of these had a prompt that does not fit into the judge's context.
        seconds: time spent.
        silent: the pairs (document id, label id) whose answer was neither yes nor no.
        hosts: calls by host.
    """

    p_yes: dict[str, dict[str, float]] = field(default_factory=dict)
    nearness: dict[str, dict[str, float]] = field(default_factory=dict)
    asked: int = 0
    known: int = 0
    neither: int = 0
    too_long: int = 0
    seconds: float = 0.0
    silent: set[tuple[str, str]] = field(default_factory=set)
    hosts: dict[str, HostCost] = field(default_factory=dict)

    def count(self, answer: Answer) -> None:
        """Add the answer to a call of this run."""
        host = self.hosts.setdefault(answer.host, HostCost())
        self.asked += 1
        host.asked += 1
        if answer.failure:
            host.failed += 1
            host.failure = answer.failure
        elif answer.p_yes is None:
            self.neither += 1
            host.neither += 1
            self.too_long += answer.too_long
            self.silent.add((answer.pair.document.id, answer.pair.label.id))
        else:
            self.note(answer.pair, answer.p_yes)

    def note(self, pair: Pair, p_yes: float) -> None:
        """Add an answer without counting a call."""
        self.p_yes.setdefault(pair.document.id, {})[pair.label.id] = p_yes
        self.nearness.setdefault(pair.document.id, {})[pair.label.id] = pair.nearness

    def add(self, other: JudgingResult) -> None:
        """Add the answers and costs of another result."""
        for mine, theirs in ((self.p_yes, other.p_yes), (self.nearness, other.nearness)):
            for document, labels in theirs.items():
                mine.setdefault(document, {}).update(labels)
        self.silent |= other.silent
        for name, cost in other.hosts.items():
            self.hosts.setdefault(name, HostCost()).add(cost)
        self.asked += other.asked
        self.known += other.known
        self.neither += other.neither
        self.too_long += other.too_long
        self.seconds += other.seconds

    def __add__(self, other: JudgingResult) -> JudgingResult:
        """Return the answers and costs of both."""
        both = JudgingResult()
        both.add(self)
        both.add(other)
        return both

    def calls(self) -> dict[str, int]:
        """Return the numbers of calls, known answers and calls without an answer, for a record."""
        return {
            "asked": self.asked,
            "known": self.known,
            "neither": self.neither,
            "failed": self.failed,
        }

    def answers(self, pairs: Sequence[Pair]) -> dict[int, float | None]:
        """Return the answers to the given pairs by position (None: neither yes nor no)."""
        found: dict[int, float | None] = {}
        for position, pair in enumerate(pairs):
            document, label = pair.document.id, pair.label.id
            p_yes = self.p_yes.get(document, {}).get(label)
            if p_yes is not None or (document, label) in self.silent:
                found[position] = p_yes
        return found

    @property
    def failed(self) -> int:
        """Number of calls that ended with an error of a server. Their pairs may be asked again."""
        return sum(cost.failed for cost in self.hosts.values())

    @property
    def failure(self) -> str:
        """The host with most errors, and its last one ("" if no call failed)."""
        if not self.failed:
            return ""
        host, cost = max(self.hosts.items(), key=lambda item: item[1].failed)
        return f"{host}: {cost.failure}"

    @property
    def pairs(self) -> int:
        """Number of pairs with an answer."""
        return sum(map(len, self.p_yes.values()))
