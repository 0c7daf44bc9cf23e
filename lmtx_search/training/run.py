"""A training run: from the labels and documents of the cluster to a trained encoder."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.encoder.score_threshold import RANKED
from lmtx_search.errors import MissingExtra
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.system.file_locks import only_one
from lmtx_search.training.curriculum import Curriculum, earlier, run_curriculum
from lmtx_search.training.cycle import people_said
from lmtx_search.training.decided_share import decide_share
from lmtx_search.training.inputs import gather_inputs
from lmtx_search.training.named_once import leave, named_state, remove_left, take_over
from lmtx_search.training.open_resources import open_resources
from lmtx_search.training.record import run_record
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resume import RunState
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.settings import TrainingSettings
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
    training.check_batch(len(inputs.training) + len(inputs.development))
    owner = inputs.fingerprint
    resources = open_resources(settings, training, inputs, owner, progress)

    runs = settings.data_dir / "runs"
    state, left = RunState(runs / f".{owner}"), named_state(runs, inputs.named_fingerprint)
    with only_one(state.folder / "lock", "the same training"):
        remove_stopped(runs, state, inputs.index.discard, progress)
        try:
            take_over(state, left, progress)
            decided, share = decide_share(resources, training, state.folder, progress)
            curriculum = run_curriculum(resources, decided, state, progress)
        except BaseException:
            leave(state, left)
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
        record["learning"] = None if share is None else asdict(share)
        record["seconds"]["all"] = round(time.monotonic() - started, 1)
        RunStore(inputs.client).save(run, record)
        state.remove()
        remove_left(left)
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


def can_train() -> bool:
    """Tell whether the extra for training is installed."""
    return all(map(find_spec, ("torch", "sentence_transformers", "datasets", "accelerate")))


def need_torch(purpose: str = "Training") -> None:
    """Check that the extra for training is installed, before the judge is asked.

    Args:
        purpose: what needs it, as the beginning of a sentence.

    Raises:
        MissingExtra: it is not.
    """
    if not can_train():
        raise MissingExtra("train", purpose)
