"""Fine-tunes the bi-encoder on positives and negatives with the loss of LMTX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from lmtx_search.encoder.description import describe
from lmtx_search.encoder.torch_model import backend_of
from lmtx_search.errors import find_named
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.loss import LmtxLoss
from lmtx_search.training.student.trainer import open_model, train_in_order
from lmtx_search.training.student.training_data import TrainingData
from lmtx_search.training.student.training_texts import make_dataset


def fine_tune(
    base: Path,
    output: Path,
    data: TrainingData,
    settings: FineTuning,
    seed: int,
    on_step: Callable[[int], None] = lambda documents: None,
) -> float:
    """Train the encoder in ``base`` on the steps of the data, in their order.

    Args:
        base: a sentence-transformers folder.
        output: the folder to write (safetensors).
        on_step: called after each step with the number of documents in it.

    Returns:
        The mean loss of the last tenth of the steps.

    Raises:
        LmtxError: the loss became NaN or infinite; nothing is written.
    """
    torch.manual_seed(seed)
    described = describe(base)
    model = open_model(base, described, settings)
    loss = LmtxLoss(
        model,
        data.never_negative,
        find_named("negatives", NEGATIVES, settings.negatives),
        settings.margin,
        settings.hardest,
        settings.temperature,
    )
    dataset = make_dataset(backend_of(model), described, data, settings)
    return train_in_order(model, described, dataset, loss, settings, seed, output, on_step)
