"""Profiles: named sets of training settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from lmtx_search.errors import UserError, find_named
from lmtx_search.judges.budget import Budget, parse_budget
from lmtx_search.settings import EncoderSettings
from lmtx_search.training.learning_budget import parse_learning_budget
from lmtx_search.training.settings import FineTuning, TrainingSettings


def small(encoder: EncoderSettings) -> TrainingSettings:
    """Return settings for two cores and a few minutes. Texts are read as the tagger reads them."""
    return TrainingSettings(
        profile="small",
        fine_tuning=FineTuning(
            document_tokens=encoder.document_tokens,
            label_tokens=encoder.label_tokens,
            windows=encoder.windows,
            window_pooling=encoder.window_pooling,
        ),
    )


def paper(encoder: EncoderSettings) -> TrainingSettings:
    """Return the settings of the authors' code (Zhang, Ullah, Babbar, arXiv 2406.09288).

    They train ``sentence-transformers/msmarco-distilbert-base-v4``. Here the encoder of ``encoder``
    is trained, with their numbers of tokens.
    """
    return TrainingSettings(
        profile="paper",
        cycles=6,
        budget=Budget(),
        prompt="paper",
        shortlist=10,
        pairs_per_document=10,
        order="exhaustive",
        yes_above=0.5,
        retrieval="dense",
        centered=False,
        calibrated=False,
        spared=1.1,  # none
        always_best=False,
        development_pairs=2,
        most_development=800,
        most_documents=30_000,
        unjudged_documents=0,
        learning_budget=None,
        words=0.0,
        fine_tuning=FineTuning(
            epochs=1,
            batch_size=128,
            learning_rate=2e-4,
            warmup_steps=100,
            margin=0.3,
            hardest=10,
            temperature=0.1,
            dropout=True,
            document_tokens=430,
            label_tokens=15,
            windows=encoder.windows,
            window_pooling=encoder.window_pooling,
            negatives="hardest",
            positives="one_random",
        ),
    )


PROFILES: dict[str, Callable[[EncoderSettings], TrainingSettings]] = {
    "small": small,
    "paper": paper,
}


def training_settings(
    encoder: EncoderSettings,
    profile: str = "small",
    *,
    budget: str | Budget | None = None,
    learning_budget: str | float | None = None,
    **changes: Any,
) -> TrainingSettings:
    """Return the settings of a profile, with single settings changed.

    Args:
        encoder: the settings of the encoder that is trained.
        profile: ``small`` or ``paper``.
        budget: how long (``5m``) or how often (``500``) the judge is asked in all.
        learning_budget: how long (``10m``, or seconds) documents may teach without the judge. A
            number of ``unjudged_documents`` without it is not limited by time, so that it has the
            same result on every machine.
        changes: fields of :class:`TrainingSettings` or :class:`FineTuning`. None changes nothing.

    Raises:
        UserError: there is no such profile, a budget is malformed or has no effect.

    Examples:
        >>> from lmtx_search import load_settings, training_settings
        >>> encoder = load_settings().encoder
        >>> training_settings(encoder, budget="500", cycles=2, epochs=2).fine_tuning.epochs
        2
    """
    found = find_named("profile", PROFILES, profile)(encoder)
    changed = {name: value for name, value in changes.items() if value is not None}
    if budget is not None:
        changed["budget"] = parse_budget(budget) if isinstance(budget, str) else budget
    if isinstance(learning_budget, str):
        learning_budget = parse_learning_budget(learning_budget)
    if learning_budget and not changed.get("unjudged_documents", found.unjudged_documents):
        raise UserError(
            "`train --learning-budget` has no effect, because only judged documents teach: give "
            "`train --unjudged-documents` too, the largest number of documents that teach without "
            "the judge"
        )
    if learning_budget is not None or "unjudged_documents" in changed:
        changed["learning_budget"] = learning_budget
    tuned = {field.name for field in fields(FineTuning)} & changed.keys()
    tuning = replace(found.fine_tuning, **{name: changed.pop(name) for name in tuned})
    return replace(found, fine_tuning=tuning, **changed)
