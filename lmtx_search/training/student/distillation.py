"""Trains the bi-encoder on how likely each label is (Hinton et al., arXiv 1503.02531)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from torch.nn.functional import kl_div, log_softmax, normalize, softmax

from lmtx_search.encoder.description import describe
from lmtx_search.encoder.torch_model import backend_of
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.mixed_precision import weights_converted_once
from lmtx_search.training.student.trainer import open_model, train_in_order
from lmtx_search.training.student.training_texts import cut_labels, make_documents_dataset

# Part of the untrained weights in those of the student (docs/quality.md): what the documents of the
# training do not speak of stays as it was.
_UNTRAINED_SHARE = 0.2
# Groups of similar length in which the labels of a batch are read.
_GROUPS = 4


@dataclass(frozen=True)
class DistillationData:
    """What the student is trained on. Documents and labels are named by position.

    Attributes:
        documents: the texts of n documents, in the order of training.
        labels: the texts of m labels.
        scores: float32[n, m], whose softmax is what the student learns.
        best: int64[n, b], the labels with the highest scores of each document. The labels of all
            documents of a batch are compared with each of them.
        temperature: divides scores, and the student's cosine similarities, before the softmax.
    """

    documents: Sequence[str]
    labels: Sequence[str]
    scores: NDArray[np.float32]
    best: NDArray[np.int64]
    temperature: float


class DistillationLoss(nn.Module):
    """The divergence between the wanted probabilities of a batch's labels and the student's.

    Each row of the dataset has the text of a document, and in ``label`` its position.

    Args:
        labels: the texts of the labels as the encoder reads them, without the prompt.
        prompt: stands before each label.
    """

    def __init__(
        self, model: SentenceTransformer, data: DistillationData, labels: Sequence[str], prompt: str
    ) -> None:
        super().__init__()
        self.model = model
        self.dimension = model.truncate_dim
        self.labels = labels
        self.prompt = prompt
        self.scores = torch.from_numpy(data.scores)
        self.best = torch.from_numpy(data.best)
        self.temperature = data.temperature

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """Return the batch's loss; ``labels`` is ``[n]``."""
        (features,) = sentence_features
        documents = labels.cpu()
        compared = torch.unique(self.best[documents])
        with weights_converted_once(labels.device):
            texts = self._embed(features)
            names = self._embed_labels(compared.tolist(), labels.device)
        found = texts @ names.T
        wanted = self.scores[documents][:, compared].to(found.device)
        return kl_div(
            log_softmax(found / self.temperature, dim=1),
            softmax(wanted / self.temperature, dim=1),
            reduction="batchmean",
        )

    def _embed_labels(self, labels: Sequence[int], device: torch.device) -> Tensor:
        """Return ``[m, dimension]``. Texts of similar length are read together.

        Otherwise all would be padded to the longest one.
        """
        by_length = sorted(range(len(labels)), key=lambda place: len(self.labels[labels[place]]))
        size = max(1, -(-len(labels) // _GROUPS))
        embedded = []
        for start in range(0, len(labels), size):
            features = self.model.preprocess(
                [self.labels[labels[place]] for place in by_length[start : start + size]],
                prompt=self.prompt or None,
            )
            on_device = {
                name: value.to(device) if isinstance(value, Tensor) else value
                for name, value in features.items()
            }
            embedded.append(self._embed(on_device))
        return torch.cat(embedded)[np.argsort(by_length)]

    def _embed(self, features: dict[str, Tensor]) -> Tensor:
        embeddings: Tensor = self.model(features)["sentence_embedding"]
        return normalize(embeddings[:, : self.dimension].float())


def distil(
    base: Path,
    output: Path,
    data: DistillationData,
    settings: FineTuning,
    seed: int,
    on_step: Callable[[int], None] = lambda documents: None,
) -> float:
    """Train the encoder in ``base`` on all documents of the data, once and in their order.

    The weights of the result are a mean with the untrained ones (Wortsman et al. 2022, "Robust
    fine-tuning of zero-shot models", arXiv 2109.01903).

    Args, returns and raises: see :func:`lmtx_search.training.student.fine_tuning.fine_tune`.
    """
    torch.manual_seed(seed)
    described = describe(base)
    model = open_model(base, described, settings)
    tokenizer = backend_of(model)
    dataset = make_documents_dataset(tokenizer, described, data.documents, settings)
    names = cut_labels(tokenizer, described, data.labels, settings)
    loss = DistillationLoss(model, data, names, described.label_prompt)
    return train_in_order(
        model, described, dataset, loss, settings, seed, output, on_step, _UNTRAINED_SHARE
    )
