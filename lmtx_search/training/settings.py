"""The settings of a training run, with the defaults for two cores and some minutes."""

from __future__ import annotations

from dataclasses import dataclass, field

from lmtx_search.encoder.windows import WindowPooling
from lmtx_search.errors import UserError
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.prompts import DEFAULT_PROMPT


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How the bi-encoder is trained.

    ``margin``, ``hardest`` and ``temperature`` are the loss's (γ, negatives that count, τ).
    ``negatives`` and ``positives`` name the strategies that choose what a document is pushed from
    and pulled to. ``warmup_steps``, where given, is taken instead of ``warmup_share``. Training
    reads a document's beginning; ``windows`` of it are read where the result is measured, as a
    tagger does.
    """

    epochs: int = 4
    batch_size: int = 32
    learning_rate: float = 5e-5
    warmup_share: float = 0.1
    warmup_steps: int | None = None
    margin: float = 0.3
    hardest: int = 10
    temperature: float = 0.1
    document_tokens: int = 128
    label_tokens: int = 64
    windows: int = 1
    window_pooling: WindowPooling = "mean"
    negatives: str = "hardest"
    positives: str = "one_random"


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One run: what is judged, and how the encoder is trained.

    Attributes:
        profile: the name of the profile that it was made from.
        cycles: at most so many.
        budget: how long or how often the judge may be asked, all cycles and stages together.
        shortlist: labels of a document's shortlist (j of the paper).
        pairs_per_document: how many of them, from the first, the judge may be asked about.
        order: which of these it is asked about next (judges.order), and when there are enough.
        sure_share: share of the judged documents of which a label counts as a sure yes.
        yes_above: a P(yes) above this is a sure yes, instead of what follows from ``sure_share``.
        centered: shortlists are made of centered documents where labels are hubs (centering.py).
        calibrated: answers are calibrated before they make pseudo-positives (calibration.py).
        spared: labels of a document with at least this P(yes), and those of its shortlist that
            nobody was asked about, are no negatives of it (above 1: all are).
        always_best: a document without a sure yes is trained on the label the judge likes best.
        development_share: share of the budget that measures the result on held-out documents.
        development_pairs: labels of a development document that are judged.
        most_documents: a larger collection is sampled, by the seed.
    """

    profile: str = "small"
    cycles: int = 1
    budget: Budget = field(default_factory=lambda: Budget(seconds=300.0))
    prompt: str = DEFAULT_PROMPT
    shortlist: int = 10
    pairs_per_document: int = 4
    order: str = "exhaustive"
    sure_share: float = 0.6
    yes_above: float | None = None
    centered: bool = True
    calibrated: bool = True
    spared: float = 0.01
    always_best: bool = True
    development_share: float = 0.15
    development_pairs: int = 1
    most_development: int = 100
    most_documents: int = 30_000
    seed: int = 0
    fine_tuning: FineTuning = field(default_factory=FineTuning)

    def check(self, labels: int, documents: int) -> None:
        """Refuse what cannot work with this many labels and documents.

        Raises:
            UserError: says what is too much, or missing, and how to change it.
        """
        batch = self.fine_tuning.batch_size
        if not labels:
            raise UserError("there are no labels: run `lmtx-search labels load FILE` first")
        if not documents:
            raise UserError("there are no training documents: `lmtx-search docs load FILE` first")
        if documents < batch:
            raise UserError(
                f"{documents} training documents are fewer than a batch of {batch}: "
                "load more, or choose a smaller `train --batch-size`"
            )
        if self.shortlist > labels:
            raise UserError(
                f"a shortlist of {self.shortlist} is longer than the label set of {labels}: "
                "lower --shortlist"
            )
        if self.pairs_per_document > self.shortlist:
            raise UserError(
                f"--pairs-per-document {self.pairs_per_document} is more than the shortlist's "
                f"{self.shortlist}: lower it, or raise --shortlist"
            )
