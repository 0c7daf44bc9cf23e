"""A training run: from what the cluster holds to an encoder in a folder and a record of it."""

from __future__ import annotations

import time
from contextlib import suppress
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.errors import MissingExtra
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.system.file_locks import only_one
from lmtx_search.training.curriculum import run_curriculum
from lmtx_search.training.inputs import Given, find_given, open_base
from lmtx_search.training.materials import Materials
from lmtx_search.training.record import run_record
from lmtx_search.training.resume import RunState
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search
from lmtx_search.training.training_run import TrainingRun


@clear_errors()
def train(
    settings: Settings,
    training: TrainingSettings,
    progress: Progress = SILENT,
    *,
    keep_cycles: bool = False,
) -> TrainingRun:
    """Train the encoder of the settings in cycles.

    The best encoder lies in ``data_dir/runs/<run>/encoder`` as a whole or not at all. The record,
    kept in ``lmtx-runs``, holds everything the run did. Judgments and finished cycles are kept as
    they come: a run that was stopped goes on with them when it is started again. The alias of the
    label index stays where it is; versions made for the run are gone at its end.

    Args:
        keep_cycles: keep each cycle's encoder too, in ``data_dir/runs/<run>/cycles``.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster, the judge or the training failed, or the same run is under way.
    """
    need_torch()
    started = time.monotonic()
    given = find_given(settings, training, progress)
    materials = _materials(settings, training, given, progress)

    owner = given.fingerprint
    runs = settings.data_dir / "runs"
    state = RunState(runs / f".{owner}")
    with only_one(state.folder / "lock", "the same training"):
        try:
            curriculum = run_curriculum(materials, training, state, progress)
        except BaseException:
            state.remove_unless_finished()
            with suppress(Exception):  # the cluster may be what failed
                given.index.discard(owner)
            raise
        given.index.discard(owner)
        run = state.run_id(new_run_id())
        encoder = state.hand_over(
            curriculum.best + 1, runs / run, len(curriculum.cycles) if keep_cycles else 0
        )
        record = run_record(settings, training, materials, given.judge, curriculum, encoder)
        record["seconds"]["all"] = round(time.monotonic() - started, 1)
        RunStore(given.client).save(run, record)
        state.remove()
    return TrainingRun.of(run, record)


def _materials(
    settings: Settings, training: TrainingSettings, given: Given, progress: Progress
) -> Materials:
    """Return what the cycles work with; what they make belongs to the run's fingerprint."""
    tuning, index, owner = training.fine_tuning, given.index, given.fingerprint

    def publish(encoder: Encoder, vectors: NDArray[np.float32]) -> Search:
        digest = passages_digest(encoder.digest, tuning.label_tokens)
        name = index.write_version(
            given.labels, vectors, digest, encoder.dimension, progress, owner
        )
        index.discard(owner, but=name)
        return lambda queries, k: index.search(queries, k, name)

    return Materials(
        base=given.base,
        open_base=lambda: open_base(settings, tuning, given, owner, progress),
        publish=publish,
        load_encoder=lambda folder, tokens: load_encoder(
            settings, folder=folder, max_tokens=tokens
        ),
        labels=given.labels,
        training=given.training,
        development=given.development,
        judge=given.judge,
        store=JudgmentStore(given.client),
        people=given.people,
    )


def can_train() -> bool:
    """Tell whether the extra that trains is installed."""
    return all(map(find_spec, ("torch", "sentence_transformers", "datasets", "accelerate")))


def need_torch() -> None:
    """Say at once, not after the judging, that the extra is not installed."""
    if not can_train():
        raise MissingExtra("train", "Training")
