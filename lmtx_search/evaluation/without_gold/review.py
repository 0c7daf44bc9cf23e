"""A review of tags by a person: the pairs to answer, the answers, and undo."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from lmtx_search.evaluation.without_gold.sampled_documents import SampledDocument
from lmtx_search.judges.base import Pair
from lmtx_search.records import Judgment, Label, content_digest, person_judgment_ids
from lmtx_search.training.teacher.human_feedback import person_judgment


class ReviewStore(Protocol):
    """Stores judgments."""

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        """Return the judgments that exist, by id."""
        ...

    def add(self, judgments: list[Judgment]) -> None:
        """Write judgments."""
        ...

    def remove(self, id_: str) -> None:
        """Delete one."""
        ...


class Review:
    """The unanswered pairs of a sample, document by document.

    The labels of a document are shuffled, so that their order does not show the system's ranking.
    Each answer is stored at once, and a new review continues with the unanswered pairs.
    """

    def __init__(
        self, samples: Sequence[SampledDocument], labels: Mapping[str, Label], store: ReviewStore
    ) -> None:
        all_pairs = [pair for one in samples for pair in _shuffled(one.pairs(labels))]
        found = store.find([id_ for pair in all_pairs for id_ in _ids(pair)])
        answered = [pair for pair in all_pairs if _is_answered(pair, found)]
        self._store = store
        self._pairs = [pair for pair in all_pairs if not _is_answered(pair, found)]
        self._past: list[Judgment | None] = []
        self.answered_before = len(answered)

    @property
    def left(self) -> int:
        """Number of pairs that have not been shown, including the current one."""
        return len(self._pairs) - len(self._past)

    @property
    def answered(self) -> int:
        """Number of answers in this review."""
        return sum(one is not None for one in self._past)

    def answered_about(self, documents: Collection[str]) -> int:
        """Return the number of answers in this review about documents with these ids."""
        return sum(one is not None and one.document_id in documents for one in self._past)

    def current(self) -> Pair | None:
        """Return the pair to answer (None: all pairs are answered)."""
        return self._pairs[len(self._past)] if self.left else None

    def answer(self, yes: bool) -> None:
        """Store the answer to the current pair."""
        pair = self._pairs[len(self._past)]
        judgment = person_judgment(pair.document, pair.label, yes, pair.rank)
        self._store.add([judgment])
        self._past.append(judgment)

    def skip(self) -> None:
        """Leave the current pair unanswered, so that another review shows it again."""
        self._past.append(None)

    def undo(self) -> bool:
        """Return to the previous pair and delete its answer (False: there is no previous pair)."""
        if not self._past:
            return False
        last = self._past.pop()
        if last is not None:
            self._store.remove(last.id)
        return True


def _ids(pair: Pair) -> tuple[str, str]:
    return person_judgment_ids(pair.document, pair.label)


def _is_answered(pair: Pair, found: Mapping[str, Judgment]) -> bool:
    # An id of an earlier release may belong to another document or label with the same text.
    about = (pair.document.id, pair.label.id)
    answers = [found[id_] for id_ in _ids(pair) if id_ in found]
    return any((one.document_id, one.label_id) == about for one in answers)


def _shuffled(pairs: Sequence[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: content_digest(pair.document.id, pair.label.id))
