"""Opens what the cycles of a run use, for `train` and `judge`."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.progress import Progress
from lmtx_search.settings import Settings
from lmtx_search.training.inputs import RunInputs, open_base
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search


def open_resources(
    settings: Settings,
    training: TrainingSettings,
    inputs: RunInputs,
    owner: str,
    progress: Progress,
) -> RunResources:
    """Return what the cycles use.

    Args:
        owner: of the label versions that are written.
    """
    tuning, index = training.fine_tuning, inputs.index

    def publish(encoder: Encoder, vectors: NDArray[np.float32]) -> Search:
        digest = passages_digest(encoder.digest, tuning.label_tokens, encoder.form.label_prompt)
        name = index.write_version(
            inputs.labels, vectors, digest, encoder.dimension, progress, owner
        )
        index.discard(owner, but=name)
        return partial(index.search, index=name)

    return RunResources(
        base=inputs.base,
        open_base=lambda: open_base(settings, tuning, inputs, owner, progress),
        publish=publish,
        load_encoder=lambda folder, tokens: load_encoder(
            settings, folder=folder, max_tokens=tokens
        ),
        labels=inputs.labels,
        training=inputs.training,
        development=inputs.development,
        judge=inputs.judge,
        store=JudgmentStore(inputs.client),
        people=inputs.people,
    )
