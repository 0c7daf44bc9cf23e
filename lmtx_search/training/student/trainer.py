"""Runs the trainer of sentence-transformers over steps whose order is given."""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from safetensors import SafetensorError
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from torch import nn
from torch.utils.data import BatchSampler, SequentialSampler
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging as transformers_logging

from lmtx_search.encoder.description import Description
from lmtx_search.encoder.torch_model import load_torch_model
from lmtx_search.errors import LmtxError
from lmtx_search.system.freed_memory import return_freed_memory
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.mixed_precision import (
    computes_bf16,
    plain_attention_is_faster,
)
from lmtx_search.training.student.training_texts import prompts_of_columns


def open_model(base: Path, described: Description, settings: FineTuning) -> SentenceTransformer:
    """Return the encoder in ``base`` for training."""
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    return_freed_memory()
    # Weights and their updates stay in 32 bits, also of encoders that are published in 16.
    device = None if torch.cuda.is_available() else "cpu"
    plain = plain_attention_is_faster(settings.document_tokens)
    model = load_torch_model(base, device, eager=plain).float()
    if not settings.dropout:
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
    if not described.static:
        # Saved with the encoder, so that others read as much of a text with it.
        model.max_seq_length = settings.document_tokens
    return model


def train_in_order(
    model: SentenceTransformer,
    described: Description,
    dataset: Dataset,
    loss: nn.Module,
    settings: FineTuning,
    seed: int,
    output: Path,
    on_step: Callable[[int], None] = lambda documents: None,
    untrained_share: float = 0.0,
) -> float:
    """Train the model on the rows of the dataset, in their order, and write it to ``output``.

    Args:
        dataset: one row a step, in the columns of ``training_texts.py``.
        output: the folder to write (safetensors).
        on_step: called after each step with the number of documents in it.
        untrained_share: what is written is the mean of the weights before, with this share, and of
            those after.

    Returns:
        The mean loss of the last tenth of the steps.

    Raises:
        LmtxError: the loss became NaN or infinite; nothing is written.
    """
    steps = len(dataset)
    before = _weights(model) if untrained_share else []
    watch = _Watch(on_step, settings.batch_size, steps)
    with TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder,
            num_train_epochs=1,  # the steps contain all epochs
            per_device_train_batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            warmup_steps=_warmup(settings, math.ceil(steps / settings.batch_size)),
            lr_scheduler_type="linear",
            seed=seed,
            data_seed=seed,
            logging_strategy="steps",
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="no",
            report_to=[],
            dataloader_pin_memory=torch.cuda.is_available(),
            disable_tqdm=True,
            prompts=prompts_of_columns(dataset, described) or None,
            use_cpu=not torch.cuda.is_available(),
            bf16=computes_bf16(),
        )
        trainer = _InOrder(
            model=model, args=arguments, train_dataset=dataset, loss=loss, callbacks=[watch]
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    if watch.broken_at is not None:
        raise LmtxError(
            f"training stopped at step {watch.broken_at}: the loss is not a number; "
            f"choose a `train --learning-rate` below {settings.learning_rate:g}"
        )
    if untrained_share:
        with torch.no_grad():
            for weight, untrained in zip(model.parameters(), before, strict=True):
                weight.lerp_(untrained.to(weight.device), untrained_share)
    with _disk_faults_are_os_errors(output):
        model.save_pretrained(str(output), create_model_card=False, safe_serialization=True)
    return watch.last_loss()


def _weights(model: nn.Module) -> list[torch.Tensor]:
    """Return a copy of the weights, in the order of ``parameters``."""
    return [weight.detach().clone() for weight in model.parameters()]


@contextmanager
def _disk_faults_are_os_errors(output: Path) -> Iterator[None]:
    """Raise OSError for a full disk: safetensors has an error class of its own for it."""
    try:
        yield
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(output)) from error


class _InOrder(SentenceTransformerTrainer):  # type: ignore[misc]
    """A trainer that keeps the order of the data, which was drawn from the seed beforehand."""

    def get_batch_sampler(self, dataset: Any, batch_size: int, drop_last: bool, **_: Any) -> Any:
        return BatchSampler(SequentialSampler(dataset), batch_size, drop_last)

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Write no model card: writing one would embed examples and print to the terminal."""


class _Watch(TrainerCallback):
    """Reports progress, and stops a training whose loss is no longer a number."""

    def __init__(self, on_step: Callable[[int], None], batch_size: int, total: int) -> None:
        self.on_step = on_step
        self.batch_size = batch_size
        self.left = total
        self.losses: list[float] = []
        self.broken_at: int | None = None

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        done = min(self.batch_size, self.left)
        self.left -= done
        self.on_step(done)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        self.losses.append(float(loss))
        if not math.isfinite(float(loss)) and self.broken_at is None:
            self.broken_at = state.global_step
            control.should_training_stop = True

    def last_loss(self) -> float:
        tail = self.losses[-max(1, len(self.losses) // 10) :]
        return sum(tail) / len(tail) if tail else 0.0


def _warmup(settings: FineTuning, batches: int) -> int:
    if settings.warmup_steps is not None:
        return settings.warmup_steps
    return round(settings.warmup_share * batches)
