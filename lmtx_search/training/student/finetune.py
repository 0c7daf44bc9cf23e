"""Fine-tuning of the bi-encoder with sentence-transformers' own trainer."""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
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
from torch.utils.data import BatchSampler, SequentialSampler
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging as transformers_logging

from lmtx_search.encoder.read_text import read_text
from lmtx_search.errors import LmtxError, find_named
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.loss import LmtxLoss


def fine_tune(
    base: Path,
    output: Path,
    documents: Sequence[str],
    labels: Sequence[str],
    positives: Sequence[frozenset[int]],
    steps: Sequence[tuple[int, int]],
    settings: FineTuning,
    seed: int,
    on_step: Callable[[int], None] = lambda documents: None,
    brought: Sequence[Sequence[int]] = (),
) -> float:
    """Train the encoder in ``base`` on the steps, in their order; write it to ``output``.

    Args:
        base: a sentence-transformers folder. output: the folder to write (safetensors).
        documents, labels: their texts. positives: pseudo-positives of each document, by position.
        steps: (document, label) positions, one for each time a document is seen.
        on_step: called with the number of documents of each finished step.
        brought: for each step the labels that it brings along (none: no strategy that does),
            as many for every step.

    Returns:
        The mean loss of the last tenth of the steps.

    Raises:
        LmtxError: the loss became NaN or infinite; nothing is written.
    """
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    torch.manual_seed(seed)
    model = SentenceTransformer(
        str(base),
        device=None if torch.cuda.is_available() else "cpu",
        model_kwargs={"use_safetensors": True},
    )
    own_length = model.max_seq_length
    model.max_seq_length = settings.document_tokens
    cut = [_cut(model, text, settings.label_tokens) for text in labels]
    columns: dict[str, list[Any]] = {
        "document": [read_text(documents[document]) for document, _ in steps],
        "name": [cut[label] for _, label in steps],
    }
    for place, more in enumerate(zip(*brought, strict=True)):
        columns[f"brought_{place}"] = [cut[label] for label in more]
    labels_of = brought or [()] * len(steps)
    columns["label"] = [[*step, *more] for step, more in zip(steps, labels_of, strict=True)]
    data = Dataset.from_dict(columns)
    negatives = find_named("negatives", NEGATIVES, settings.negatives)
    loss = LmtxLoss(
        model, positives, negatives, settings.margin, settings.hardest, settings.temperature
    )
    watch = _Watch(on_step, settings.batch_size, len(steps))
    with TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder,
            num_train_epochs=1,  # the steps hold all epochs
            per_device_train_batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            warmup_steps=_warmup(settings, math.ceil(len(steps) / settings.batch_size)),
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
            use_cpu=not torch.cuda.is_available(),
            bf16=_computes_bf16(),
        )
        trainer = _InOrder(
            model=model, args=arguments, train_dataset=data, loss=loss, callbacks=[watch]
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    if watch.broken_at is not None:
        raise LmtxError(
            f"training stopped at step {watch.broken_at}: the loss is not a number; "
            f"lower --learning-rate (it was {settings.learning_rate:g})"
        )
    model.max_seq_length = own_length
    with _disk_faults_are_os_errors(output):
        model.save_pretrained(str(output), create_model_card=False, safe_serialization=True)
    return watch.last_loss()


@contextmanager
def _disk_faults_are_os_errors(output: Path) -> Iterator[None]:
    """Tell a full disk as everywhere else: safetensors has an error of its own for it."""
    try:
        yield
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(output)) from error


class _InOrder(SentenceTransformerTrainer):  # type: ignore[misc]
    """The trainer, over the data as it lies: the order was drawn beforehand, from our seed."""

    def get_batch_sampler(self, dataset: Any, batch_size: int, drop_last: bool, **_: Any) -> Any:
        return BatchSampler(SequentialSampler(dataset), batch_size, drop_last)

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Write no model card: it would embed examples, and print while it does."""


class _Watch(TrainerCallback):
    """Tells progress, and stops a training whose loss is no number any more."""

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


def _computes_bf16() -> bool:
    """Tell whether 16-bit products are fast here: on such CPUs a training takes half the time.

    Weights and their updates stay in 32 bits.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    supported = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in supported)


def _warmup(settings: FineTuning, batches: int) -> int:
    if settings.warmup_steps is not None:
        return settings.warmup_steps
    return round(settings.warmup_share * batches)


def _cut(model: SentenceTransformer, text: str, tokens: int) -> str:
    """Return what the encoder will later read of a text: as many tokens."""
    text = read_text(text)
    encoded = model.tokenizer(
        text, truncation=True, max_length=tokens, return_offsets_mapping=True, verbose=False
    )
    end = max((stop for _, stop in encoded["offset_mapping"]), default=len(text))
    return text[:end] or text
