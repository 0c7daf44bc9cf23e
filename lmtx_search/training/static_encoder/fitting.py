"""Fits a static encoder's table to the embeddings of its teacher (needs torch)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import log_softmax, normalize

from lmtx_search.encoder.nearest import rows_at_a_time
from lmtx_search.encoder.torch_model import limit_threads
from lmtx_search.training.static_encoder.examples import Examples, Tokens
from lmtx_search.training.static_encoder.settings import Distillation

Table = NDArray[np.float32]
"""float32[vocabulary, dimension], a vector for each token."""


@dataclass(frozen=True)
class Fitted:
    """A fitted table.

    Attributes:
        epoch: the epoch that it is from (0: the start).
        agreement: share of the held-out examples whose nearest label is that of the teacher.
    """

    table: Table
    epoch: int
    agreement: float


def start_table(single: Table, windows: Sequence[Tokens]) -> Table:
    """Return the embeddings of single tokens, each multiplied by its inverse document frequency.

    A token that most documents have says little about one of them.

    Args:
        single: the teacher's embeddings of single tokens.
        windows: the windows of all documents.
    """
    seen = np.zeros(len(single))
    for tokens in windows:
        seen[np.unique(tokens)] += 1
    importance = np.log((len(windows) + 1) / (seen + 1)) + 1
    return np.asarray(single * importance[:, None], dtype=np.float32)


def fit_table(
    start: Table,
    examples: Examples,
    held_out: Examples,
    labels: NDArray[np.float32],
    settings: Distillation,
    on_examples: Callable[[int], None] = lambda number: None,
) -> Fitted:
    """Fit a table so that the scores of documents follow the teacher's.

    The loss is the cross-entropy between the teacher's softmax over the labels and the student's,
    and the cosine distance to the teacher's embedding. Tokens are dropped at random. The table is
    pulled back towards its start, so that tokens that are rare in the examples keep what they know.
    Of all epochs, and of the mean of the tables after each of them, the one that agrees best with
    the teacher on held-out examples is returned.

    Args:
        labels: float32[L, dimension], the teacher's embeddings of labels.
        on_examples: called with the number of examples after each step.
    """
    limit_threads()
    random = np.random.default_rng(settings.seed)
    used = np.unique(np.concatenate([*examples.tokens, *held_out.tokens]))
    place_of = np.zeros(len(start), dtype=np.int64)
    place_of[used] = np.arange(len(used))
    beginning = torch.from_numpy(np.ascontiguousarray(start[used]))
    fitting = _Fitting(beginning, [place_of[part] for part in examples.tokens], examples, settings)
    measure = _Agreement([place_of[part] for part in held_out.tokens], held_out.targets, labels)
    near = _Labels(torch.from_numpy(labels), examples.targets, settings.labels)
    best, epoch_of_best, agreement = beginning, 0, measure(beginning)
    mean: Tensor | None = None
    for epoch in range(1, settings.epochs + 1):
        for rows in fitting.batches(random):
            fitting.step(rows, near.of(rows, random), random)
            on_examples(len(rows))
        table = fitting.table()
        mean = table if mean is None else mean + (table - mean) / epoch
        for candidate in (table, mean):
            if (found := measure(candidate)) > agreement:
                best, epoch_of_best, agreement = candidate, epoch, found
    fitted = start.copy()
    fitted[used] = best.numpy()
    return Fitted(fitted, epoch_of_best, agreement)


class _Fitting:
    """A table that learns from batches of examples."""

    def __init__(
        self,
        start: Tensor,
        tokens: Sequence[Tokens],
        examples: Examples,
        settings: Distillation,
    ) -> None:
        self._start = start
        self._tokens = tokens
        self._targets = torch.from_numpy(examples.targets)
        self._settings = settings
        # The difference to the start is what decays.
        self._change = nn.Parameter(torch.zeros_like(start))
        self._optimiser = torch.optim.AdamW(
            [self._change], lr=settings.learning_rate, weight_decay=settings.decay
        )

    def batches(self, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Yield the rows of all examples in a new order, batch by batch."""
        order = random.permutation(len(self._tokens))
        for first in range(0, len(order), self._settings.batch_size):
            yield order[first : first + self._settings.batch_size]

    def step(self, rows: NDArray[np.int64], labels: Tensor, random: np.random.Generator) -> None:
        """Learn from a batch, by its scores for the given labels."""
        settings = self._settings
        dropped = [_some(self._tokens[row], settings.dropout, random) for row in rows]
        read = _mean_vectors(self._start + self._change, dropped)
        target = self._targets[rows]
        wanted = torch.softmax(target @ labels.T / settings.temperature, dim=1)
        scores = log_softmax(read @ labels.T / settings.temperature, dim=1)
        loss = -(wanted * scores).sum(1).mean() + (1 - (read * target).sum(1)).mean()
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def table(self) -> Tensor:
        """Return the current table."""
        return (self._start + self._change).detach()


class _Labels:
    """The embeddings of the labels that a step compares its examples with.

    Args:
        most: with more labels, a step uses only so many.
    """

    # Labels near an example that are always among them.
    NEAR = 8

    def __init__(self, labels: Tensor, targets: NDArray[np.float32], most: int) -> None:
        self._labels = labels
        self._most = most
        self._near: NDArray[np.int64] | None = None
        if len(labels) > most:
            step = rows_at_a_time(len(labels))
            found = [
                torch.topk(torch.from_numpy(targets[first : first + step]) @ labels.T, self.NEAR)
                for first in range(0, len(targets), step)
            ]
            self._near = np.concatenate([one.indices.numpy() for one in found])

    def of(self, rows: NDArray[np.int64], random: np.random.Generator) -> Tensor:
        """Return the embeddings for a batch of examples."""
        if self._near is None:
            return self._labels
        near = np.unique(self._near[rows])
        others = random.choice(len(self._labels), max(0, self._most - len(near)), replace=False)
        return self._labels[np.union1d(near, others)]


class _Agreement:
    """Measures on how many held-out examples a table and the teacher find the same label."""

    def __init__(
        self, tokens: Sequence[Tokens], targets: NDArray[np.float32], labels: NDArray[np.float32]
    ) -> None:
        self._tokens = tokens
        self._labels = torch.from_numpy(labels)
        self._firsts = self._nearest(torch.from_numpy(targets))

    def __call__(self, table: Tensor) -> float:
        """Return the share of the examples."""
        found = self._nearest(_mean_vectors(table, self._tokens))
        return float((found == self._firsts).float().mean())

    def _nearest(self, vectors: Tensor) -> Tensor:
        chunks = torch.split(vectors, rows_at_a_time(len(self._labels)))
        return torch.cat([(some @ self._labels.T).argmax(1) for some in chunks])


def _mean_vectors(table: Tensor, tokens: Sequence[Tokens]) -> Tensor:
    """Return the mean of the tokens' vectors, with length 1: float32[n, dimension]."""
    starts = np.cumsum([0, *map(len, tokens)])[:-1]
    ids = torch.from_numpy(np.concatenate(tokens))
    read = nn.functional.embedding_bag(ids, table, torch.from_numpy(starts), mode="mean")
    return normalize(read, dim=1)


def _some(tokens: Tokens, dropout: float, random: np.random.Generator) -> Tokens:
    """Return tokens without some of them, but at least one."""
    kept = tokens[random.random(len(tokens)) >= dropout]
    return kept if len(kept) else tokens
