"""The stage before the first cycle, which `judge` and `train` carry out only once between them.

`judge` asks from the encoder that this stage makes, as `train` does, and leaves it for `train`. So
does a `train` that stops before its first cycle is finished.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.system.file_locks import one_after_another, only_one
from lmtx_search.training.decided_share import copy_share, decide_share
from lmtx_search.training.named_stage import NamedResult, teach_from_names
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resume import RunState
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search
from lmtx_search.training.trained_encoder import TrainedEncoder

_NAME = ".named-"


def named_state(runs: Path, fingerprint: str) -> RunState:
    """Return the state of a stage that `judge` leaves for `train`.

    Args:
        runs: folder of the runs.
        fingerprint: of everything that decides the result (``inputs.named_fingerprint``).
    """
    return RunState(runs / f"{_NAME}{fingerprint}")


def named_stage(
    resources: RunResources,
    settings: TrainingSettings,
    state: RunState,
    progress: Progress = SILENT,
) -> NamedResult | None:
    """Return what the stage before the first cycle did, now or in a stopped run.

    Returns:
        None if the settings leave the stage out.
    """
    if not settings.unjudged_documents:
        return None
    found = state.named()
    if found is None:
        encoder, search = resources.open_base()
        state.begin(0)
        found = teach_from_names(resources, settings, encoder, search, state.encoder(0), progress)
        state.keep_named(found)
    return found


def first_encoder(
    resources: RunResources, settings: TrainingSettings, state: RunState, progress: Progress
) -> tuple[Encoder, Search, NamedResult | None]:
    """Return the encoder and the search that make the shortlists of the first cycle.

    The state stays for `train` if an encoder was trained. States of other inputs are removed, since
    they can be made again.
    """
    # Only the holder of the lock removes anything: another `judge` may be training in this folder.
    with one_after_another(_lock(state), "learns from documents that name a label", progress):
        try:
            _remove_others(state)
            settings, _ = decide_share(resources, settings, state.folder, progress)
            named = named_stage(resources, settings, state, progress)
            if named is not None and named.trained:
                trained = TrainedEncoder(state.encoder(0), resources, settings.fine_tuning)
                return *trained.open(), named
        except BaseException:
            state.remove_unless_finished()
            raise
        state.remove()
    return *resources.open_base(), named


def take_over(state: RunState, left: RunState, progress: Progress = SILENT) -> None:
    """Let a training begin with the finished stage that `judge` left, if there is one."""
    if state.named() is not None or left.named() is None:
        return
    with one_after_another(_lock(left), "learns from documents that name a label", progress):
        if left.named() is not None:
            copy_share(left.folder, state.folder)
            state.adopt(left, 0)


def leave(state: RunState, left: RunState) -> None:
    """Let another training take over the finished stage of one that stopped before its first cycle.

    A repeat with a larger budget for the judge is another training, with the same stage.
    """
    if state.has_cycle or state.named() is None:
        return
    with suppress(LmtxError, OSError), only_one(_lock(left), "the same stage"):
        _remove_others(left)
        if left.named() is None:
            copy_share(state.folder, left.folder)
            left.adopt(state, 0)
        state.remove()


def remove_left(left: RunState) -> None:
    """Remove what `judge` left, unless another command is using it."""
    if left.folder.is_dir():
        with suppress(LmtxError), only_one(_lock(left), "the same stage"):
            left.remove()


def _remove_others(state: RunState) -> None:
    for folder in state.folder.parent.glob(f"{_NAME}*"):
        if folder != state.folder:
            with suppress(LmtxError), only_one(folder / "lock", "the same stage"):
                shutil.rmtree(folder, ignore_errors=True)


def _lock(state: RunState) -> Path:
    return state.folder / "lock"
