"""The settings of a training run. The defaults suit two cores and a few minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lmtx_search.encoder.windows import WindowPooling
from lmtx_search.errors import UserError
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.prompts import DEFAULT_PROMPT
from lmtx_search.words.weights import DEFAULT_FACTOR


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How the bi-encoder is trained.

    Attributes:
        warmup_steps: replaces ``warmup_share`` if it is set.
        margin, hardest, temperature: γ, the number of negatives that count, and τ of the loss.
        dropout: train with the encoder's own dropout, which takes longer.
        document_tokens, label_tokens: what the encoder reads of each text.
        windows, window_pooling: how a document is read when the result is measured, as a tagger
            reads it. Training itself reads only the beginning of a document.
        negatives, positives: the strategies that choose the labels that a document is pushed away
            from and pulled towards.
    """

    epochs: int = 4
    batch_size: int = 32
    learning_rate: float = 5e-5
    warmup_share: float = 0.1
    warmup_steps: int | None = None
    margin: float = 0.3
    hardest: int = 10
    temperature: float = 0.1
    dropout: bool = False
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
        profile: the name of the profile that the settings were made from.
        cycles: the largest number of cycles.
        budget: how long or how often the judge may be asked, in all cycles together.
        prompt: name or file of the judge's prompt.
        shortlist: number of labels in a document's shortlist (j in the paper).
        pairs_per_document: how many of them, from the first, the judge may be asked about.
        order: the strategy that chooses the next pair and decides when a document has enough
            answers (``judges/order/``).
        document_order: the strategy that orders the documents before the judge is asked about them
            (``document_order.py``).
        sure_share: share of the judged documents that get a sure yes.
        yes_above: a P(yes) above this is a sure yes, in place of ``sure_share``.
        retrieval: the strategy that finds the labels of a shortlist (``retrieval.py``).
        centered: center documents before the search if some labels are hubs (``centering.py``).
        calibrated: calibrate answers before they become positives
            (``targets/judge_calibration.py``).
        spared: a label with at least this P(yes), or a label of the shortlist that was not judged,
            is no negative of the document. Above 1, no label is spared.
        always_best: train a document without a sure yes on the label that the judge likes best.
        development_share: share of the budget for held-out documents.
        development_pairs: labels judged for each held-out document.
        most_development: the largest number of held-out documents.
        most_documents: a larger collection is sampled.
        least_documents: with fewer judged documents nothing is trained.
        unjudged_documents: the largest number of documents that teach without the judge: those that
            name a label before the first cycle (``named_stage.py``), and then all, by the scores of
            the encoder before (``targets/soft_targets.py``). 0: none.
        learning_budget: seconds that these documents may take before the first cycle and in one
            cycle, without the judge (``learning_share.py``). None: no limit.
        words: how much evidence from words counts beside the cosine similarity, as a factor of
            ``words.weights.DEFAULT_WEIGHTS``. 0: not at all.
        seed: of sampling, training order and negatives.
    """

    profile: str = "small"
    cycles: int = 1
    budget: Budget = field(default_factory=lambda: Budget(seconds=300.0))
    prompt: str = DEFAULT_PROMPT
    shortlist: int = 10
    pairs_per_document: int = 4
    order: str = "exhaustive"
    document_order: str = "random"
    sure_share: float = 0.6
    yes_above: float | None = None
    retrieval: str = "hybrid"
    centered: bool = True
    calibrated: bool = True
    spared: float = 0.01
    always_best: bool = True
    development_share: float = 0.15
    development_pairs: int = 1
    most_development: int = 100
    most_documents: int = 30_000
    least_documents: int = 32
    unjudged_documents: int = 3_000
    learning_budget: float | None = 600.0
    words: float = DEFAULT_FACTOR
    seed: int = 0
    fine_tuning: FineTuning = field(default_factory=FineTuning)

    @property
    def sure_yes_from(self) -> float | None:
        """The P(yes) from which an answer is a sure yes, if ``yes_above`` decides it.

        Answers are compared with "at least", so this is the least number above ``yes_above``.
        """
        return None if self.yes_above is None else math.nextafter(self.yes_above, math.inf)

    @property
    def asks_judge(self) -> bool:
        """Whether the judge is asked at all."""
        return self.budget.calls != 0

    def check_batch(self, documents: int) -> None:
        """Check that there are enough documents to train on.

        Raises:
            UserError: they are fewer than a batch.
        """
        batch = self.fine_tuning.batch_size
        if documents < batch:
            raise UserError(
                f"{documents} training documents are fewer than a batch of {batch}: "
                "load more, or choose a smaller `train --batch-size`"
            )

    def check(self, labels: int, documents: int) -> None:
        """Check the settings against the number of labels and documents.

        Raises:
            UserError: a setting does not fit. The message says which one and how to change it.
        """
        if not labels:
            raise UserError("there are no labels: run `lmtx-search labels load FILE` first")
        if not documents:
            raise UserError("there are no training documents: `lmtx-search docs load FILE` first")
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
