"""The loss of LMTX (Zhang, Ullah, Babbar, arXiv 2406.09288): a margin over a batch of labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from torch.nn.functional import normalize

from lmtx_search.training.negatives.base import Negatives
from lmtx_search.training.negatives.hardest import HARDEST
from lmtx_search.training.student.mixed_precision import weights_converted_once


def margin_loss(
    scores: Tensor,
    allowed: Tensor,
    margin: float = 0.3,
    hardest: int | None = 10,
    temperature: float = 0.1,
) -> Tensor:
    """Return the mean over documents of the weighted ``max(0, s(x, k') - s(x, p) + margin)``.

    Args:
        scores: ``[n, m]`` cosine of each document with each of m >= n labels; the diagonal is
            ``s(x, p)``, a document with the pseudo-positive drawn for it.
        allowed: ``[n, m]`` booleans, true where the label may be a negative of the document.
        margin: γ of the paper.
        hardest: only this many negatives of a document count, those with the highest scores.
            With None all negatives count with the same weight.
        temperature: τ of the softmax over their scores, which gives their weights. The weight of a
            label that is not allowed is exactly zero, even if fewer than ``hardest`` are allowed.
            A document without any negative contributes nothing.

    Example:
        >>> scores = torch.tensor([[0.9, 0.8], [0.1, 0.5]])
        >>> margin_loss(scores, ~torch.eye(2, dtype=torch.bool))
        tensor(0.1000)
    """
    negatives = scores.masked_fill(~allowed, -torch.inf)
    if hardest is not None:
        negatives, _ = negatives.topk(min(hardest, scores.shape[1]), dim=1)
    real = negatives.isfinite()
    if hardest is None:
        weights = real / real.sum(1, keepdim=True).clamp(min=1)
    else:
        # The softmax of a row of -inf is NaN, so such a row is set to zeros first.
        logits = torch.where(real.any(1, keepdim=True), negatives.detach() / temperature, 0.0)
        weights = torch.softmax(logits, dim=1).masked_fill(~real, 0.0)
    positives = scores.diagonal().unsqueeze(1)
    violations = torch.relu(negatives.masked_fill(~real, 0.0) - positives + margin)
    return (weights * violations).sum(1).mean()


def allowed_negatives(
    documents: Sequence[int],
    labels: Sequence[int],
    never_negative: Sequence[frozenset[int]],
    extra: Sequence[Sequence[int]] = (),
    *,
    in_batch: bool = True,
    own: int = 0,
) -> Tensor:
    """Return ``[n, n + n * b]`` booleans: may label j be a negative of document i?

    A label is never a negative of a document that has it in ``never_negative``, whatever the batch
    size and wherever the label comes from. A label that occurs several times counts once.

    Args:
        documents: the batch's n documents, as positions in ``never_negative``.
        labels: the positives drawn for them, one each: the first n columns.
        never_negative: for every training document, the labels that are no negatives of it.
        extra: b further labels of each document: the columns after these, document by document.
        in_batch: whether the first n columns may be negatives.
        own: the first ``own`` extra labels of a document are negatives of that document only.
    """
    columns: list[tuple[int, int | None]] = [(label, None) for label in labels]
    for row, more in enumerate(extra):
        columns += ((label, row if place < own else None) for place, label in enumerate(more))
    return torch.tensor(
        [
            _allowed(row, columns, never_negative[document], 0 if in_batch else len(labels))
            for row, document in enumerate(documents)
        ],
        dtype=torch.bool,
    )


def _allowed(
    row: int, columns: Sequence[tuple[int, int | None]], never_negative: frozenset[int], first: int
) -> list[bool]:
    excluded = set(never_negative)
    allowed = []
    for place, (label, only_for) in enumerate(columns):
        counts = place >= first and only_for in (None, row) and label not in excluded
        if counts:
            excluded.add(label)
        allowed.append(counts)
    return allowed


class LmtxLoss(nn.Module):
    """:func:`margin_loss` for the trainer of sentence-transformers.

    Each row of the dataset has the text of the document, the text of the positive drawn for it, the
    texts of its b extra labels, and ``label``: their positions, the first among the training
    documents and the others in the label set.

    Args:
        model: the bi-encoder. One tower reads documents and labels.
        never_negative: for every training document, the labels that are no negatives of it.
        negatives: the strategy that chose the extra labels.
        margin: γ.
        hardest: the number of negatives that count.
        temperature: τ of their weights.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        never_negative: Sequence[frozenset[int]],
        negatives: Negatives = HARDEST,
        margin: float = 0.3,
        hardest: int = 10,
        temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.model = model
        self.dimension = model.truncate_dim
        self.never_negative = never_negative
        self.negatives = negatives
        self.margin = margin
        self.hardest = hardest if negatives.hardest else None
        self.temperature = temperature

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """Return the batch's loss; ``labels`` is ``[n, 2 + b]``."""
        with weights_converted_once(labels.device):
            embedded = [
                self.model(features)["sentence_embedding"] for features in sentence_features
            ]
        texts, names, *extra = (
            normalize(embeddings[:, : self.dimension].float()) for embeddings in embedded
        )
        positions: list[list[int]] = labels.tolist()
        allowed = allowed_negatives(
            [document for document, *_ in positions],
            [label for _, label, *_ in positions],
            self.never_negative,
            [more for _, _, *more in positions],
            in_batch=self.negatives.in_batch,
            own=self.negatives.own,
        )
        if extra:
            # [b][n, dimension] to [n * b, dimension], document after document.
            names = torch.cat([names, torch.stack(extra, dim=1).flatten(0, 1)])
        scores = texts @ names.T
        return margin_loss(
            scores, allowed.to(scores.device), self.margin, self.hardest, self.temperature
        )
