"""A training as `train` does it, but without a judge, with whose encoders comparators rank."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label, content_digest
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.text_reading import TextReading
from lmtx_search.training.named_once import named_stage
from lmtx_search.training.named_stage import LEAST_DOCUMENTS, NamedResult
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resources_in_memory import resources_in_memory
from lmtx_search.training.resume import RunState
from lmtx_search.training.run import need_torch
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.without_judge import NoJudge, NoStore, without_judge


@dataclass(frozen=True)
class UnjudgedTraining:
    """A training without a judge. What is finished stays for the other comparators.

    Attributes:
        reading: the settings that load its encoders: texts are read as it trains on them, and the
            cache is its own.
        settings: of the training.
        state: the folder of what is finished.
    """

    reading: Settings
    settings: TrainingSettings
    resources: RunResources
    state: RunState

    @property
    def identity(self) -> str:
        """What affects its result besides the context of the comparison."""
        development = (part for one in self.resources.development for part in (one.id, one.text))
        settings = json.dumps(asdict(self.settings), sort_keys=True)
        return content_digest(settings, *development)

    @property
    def missing(self) -> str | None:
        """Why it cannot work, if the number of documents says so (None: it may work)."""
        count = len(self.resources.training)
        if count >= LEAST_DOCUMENTS:
            return None
        return f"of {count:,} training documents, fewer than {LEAST_DOCUMENTS} name a label"

    def taught_by_names(self, progress: Progress) -> NamedResult:
        """Return what documents that name a label taught, now or for an earlier comparator.

        Raises:
            UserError: there are too few such documents.
            MissingExtra: torch is not installed.
        """
        need_torch("Learning")
        found = named_stage(self.resources, self.settings, self.state, progress)
        assert found is not None  # the settings of the training have this stage
        if not found.trained:
            raise UserError(
                f"of {found.read:,} training documents, {found.named:,} name a label, and "
                f"{LEAST_DOCUMENTS} are needed"
            )
        return found


def open_unjudged(
    settings: Settings,
    training: TrainingSettings,
    labels: Sequence[Label],
    documents: Sequence[Document],
    development: Sequence[Document],
    folder: Path,
) -> UnjudgedTraining:
    """Return a training without a judge, of which nothing has been done.

    Args:
        training: of the same training with a judge. It learns from documents that are not judged.
        documents: the training documents.
        development: documents that are held out of training.
        folder: for the encoders. It is empty or missing.
    """
    base, tuning = chosen_encoder(settings), training.fine_tuning
    own = settings.model_copy(update={"cache_dir": folder / "cache"})
    reading = TextReading(
        tuning.document_tokens, tuning.label_tokens, tuning.windows, tuning.window_pooling
    )

    def load(of: Path, tokens: int) -> OnnxEncoder:
        return load_encoder(settings if of == base else own, folder=of, max_tokens=tokens)

    return UnjudgedTraining(
        reading=reading.applied_to(own),
        settings=without_judge(training),
        resources=resources_in_memory(
            base, load, tuning, labels, documents, development, NoJudge(), NoStore()
        ),
        state=RunState(folder),
    )
