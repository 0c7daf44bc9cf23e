"""A training run: from the labels and documents of the cluster to a trained encoder."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.encoder.score_threshold import RANKED
from lmtx_search.errors import MissingExtra
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.system.file_locks import only_one
from lmtx_search.training.curriculum import Curriculum, earlier, run_curriculum
from lmtx_search.training.cycle import people_said
from lmtx_search.training.inputs import RunInputs, gather_inputs, open_base
from lmtx_search.training.record import run_record
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resume import RunState
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search
from lmtx_search.training.stopped_runs import remove_stopped
from lmtx_search.training.teacher.judging_result import JudgingResult
from lmtx_search.training.training_run import TrainingRun


@clear_errors()
def train(
    settings: Settings,
    training: TrainingSettings,
    progress: Progress = SILENT,
    *,
    keep_cycles: bool = False,
    kind: str = "train",
) -> TrainingRun:
    """Train the encoder of the settings in cycles.

    The best encoder is written to ``data_dir/runs/<run>/encoder``, completely or not at all. The
    record in ``lmtx-runs`` describes all that the run did. Judgments and finished cycles are stored
    as they arrive, and a stopped run continues with them when it is started again. The alias of the
    label index does not move. Label versions made for the run are removed at its end.

    Args:
        keep_cycles: also keep the encoder of each cycle, in ``data_dir/runs/<run>/cycles``.
        kind: of the record. A deployment takes only runs of the kind ``train``.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster, the judge or the training failed, or the same run is active.
    """
    need_torch()
    started = time.monotonic()
    inputs = gather_inputs(settings, training, progress)
    resources = _resources(settings, training, inputs, progress)

    owner = inputs.fingerprint
    runs = settings.data_dir / "runs"
    state = RunState(runs / f".{owner}")
    with only_one(state.folder / "lock", "the same training"):
        remove_stopped(runs, state, inputs.index.discard, progress)
        try:
            curriculum = run_curriculum(resources, training, state, progress)
        except BaseException:
            state.remove_unless_finished()
            with suppress(Exception):  # the cluster may be what failed
                inputs.index.discard(owner)
            raise
        inputs.index.discard(owner)
        run = state.run_id(new_run_id())
        encoder = state.hand_over(
            state.encoder(curriculum.best + 1)
            if curriculum.rival is None
            else curriculum.rival.encoder.folder,
            runs / run,
            _answers(resources, training, curriculum, inputs.since),
            resources.labels,
            len(curriculum.cycles) if keep_cycles else 0,
            curriculum.words,
        )
        record = run_record(settings, training, resources, inputs.judge, curriculum, encoder)
        record["kind"] = kind
        record["seconds"]["all"] = round(time.monotonic() - started, 1)
        RunStore(inputs.client).save(run, record)
        state.remove()
    return TrainingRun.of(run, record)


def _answers(
    resources: RunResources, training: TrainingSettings, curriculum: Curriculum, since: str
) -> RunAnswers:
    """Return the answers that the kept encoder learned from."""
    judged = earlier(curriculum.cycles).judged if curriculum.rival is None else JudgingResult()
    words = curriculum.words
    return RunAnswers(
        since=since,
        held_out=[document.id for document in resources.development],
        judge=judged.p_yes,
        nearness=judged.nearness,
        people=people_said(resources),
        named={} if words is None else words.named,
        calibrated=training.calibrated,
        sure_share=training.sure_share,
        ranked=training.shortlist if curriculum.rival is None else RANKED,
        copies_apart=True,
    )


def _resources(
    settings: Settings, training: TrainingSettings, inputs: RunInputs, progress: Progress
) -> RunResources:
    """Return the resources of the cycles. Their label versions are owned by the fingerprint."""
    tuning, index, owner = training.fine_tuning, inputs.index, inputs.fingerprint

    def publish(encoder: Encoder, vectors: NDArray[np.float32]) -> Search:
        digest = passages_digest(encoder.digest, tuning.label_tokens)
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


def can_train() -> bool:
    """Tell whether the extra for training is installed."""
    return all(map(find_spec, ("torch", "sentence_transformers", "datasets", "accelerate")))


def need_torch() -> None:
    """Check that the extra for training is installed, before the judge is asked.

    Raises:
        MissingExtra: it is not.
    """
    if not can_train():
        raise MissingExtra("train", "Training")
