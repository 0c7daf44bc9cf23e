"""The loss of LMTX (Zhang, Ullah, Babbar, arXiv 2406.09288): a margin over the batch's labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from torch.nn.functional import normalize


def margin_loss(
    scores: Tensor,
    allowed: Tensor,
    margin: float = 0.3,
    hardest: int = 10,
    temperature: float = 0.1,
) -> Tensor:
    """Return the mean over documents of the weighted ``max(0, s(x, k') - s(x, p) + margin)``.

    Args:
        scores: ``[n, n]`` cosine of each document with each label of the batch; the diagonal is
            ``s(x, p)``, a document with the pseudo-positive drawn for it.
        allowed: ``[n, n]`` booleans, true where the label may be a negative of the document.
        margin: γ of the paper.
        hardest: only this many of a document's negatives count, those with the highest scores.
        temperature: τ of the softmax over their scores, which weighs them. Labels that are not
            allowed have a weight of exactly zero, also where fewer than ``hardest`` are allowed;
            a document without any negative contributes nothing.

    Example:
        >>> scores = torch.tensor([[0.9, 0.8], [0.1, 0.5]])
        >>> margin_loss(scores, ~torch.eye(2, dtype=torch.bool))
        tensor(0.1000)
    """
    masked = scores.masked_fill(~allowed, -torch.inf)
    negatives, _ = masked.topk(min(hardest, scores.shape[1]), dim=1)
    real = negatives.isfinite()
    # A row of nothing but -inf would make the softmax NaN, so such a row is given zeros first.
    logits = torch.where(real.any(1, keepdim=True), negatives.detach() / temperature, 0.0)
    weights = torch.softmax(logits, dim=1).masked_fill(~real, 0.0)
    positives = scores.diagonal().unsqueeze(1)
    violations = torch.relu(negatives.masked_fill(~real, 0.0) - positives + margin)
    return (weights * violations).sum(1).mean()


def allowed_negatives(
    documents: Sequence[int], labels: Sequence[int], positives: Sequence[frozenset[int]]
) -> Tensor:
    """Return ``[n, n]`` booleans: may label j of the batch be a negative of document i?

    A label is never a negative of a document that has it as a pseudo-positive, whatever the batch
    size, and a label that is in the batch several times counts once.

    Args:
        documents: the batch's documents, as positions in ``positives``.
        labels: the batch's labels, one for each document.
        positives: the pseudo-positives of every training document.
    """
    seen: set[int] = set()
    first = [not (label in seen or seen.add(label)) for label in labels]  # type: ignore[func-returns-value]
    return torch.tensor(
        [
            [
                once and label not in positives[document]
                for label, once in zip(labels, first, strict=True)
            ]
            for document in documents
        ],
        dtype=torch.bool,
    )


class LmtxLoss(nn.Module):
    """:func:`margin_loss` for sentence-transformers' trainer.

    The training data has three columns: the document's text, the label's text, and ``label``, the
    pair of their positions in the training documents and in the label set.

    Args:
        model: the bi-encoder; one tower reads both sides.
        positives: the pseudo-positives of every training document, by position.
        margin: γ. hardest: negatives that count. temperature: τ of their weights.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        positives: Sequence[frozenset[int]],
        margin: float = 0.3,
        hardest: int = 10,
        temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.model = model
        self.positives = positives
        self.margin = margin
        self.hardest = hardest
        self.temperature = temperature

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """Return the batch's loss; ``labels`` is ``[n, 2]``: position of document and of label."""
        texts, names = (
            normalize(self.model(features)["sentence_embedding"]) for features in sentence_features
        )
        positions: list[list[int]] = labels.tolist()
        allowed = allowed_negatives(
            [document for document, _ in positions],
            [label for _, label in positions],
            self.positives,
        )
        scores = texts @ names.T
        return margin_loss(
            scores, allowed.to(scores.device), self.margin, self.hardest, self.temperature
        )
