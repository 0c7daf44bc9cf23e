"""Removes what trainings left that were stopped before they finished a cycle."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lmtx_search.errors import LmtxError
from lmtx_search.progress import Progress
from lmtx_search.system.file_locks import only_one
from lmtx_search.training.resume import RunState

# Named by the fingerprint of a training.
_STATE = re.compile(r"\.(judge-)?[0-9a-f]{24}")


def remove_stopped(
    runs: Path, but: RunState, discard: Callable[[str], None], progress: Progress
) -> None:
    """Remove the states of stopped trainings that finished no cycle, and say how many.

    Such a training has other settings or inputs than the one that is running now, for example
    another budget, and nothing else would ever remove its encoder. The judge's answers are in the
    cluster. What another command is using stays.

    Args:
        runs: folder of the runs.
        but: the state of the training that is running now.
        discard: deletes the versions of the label index that a training owns, by its fingerprint.
    """
    removed = 0
    for folder in sorted(runs.glob(".*")):
        state = RunState(folder)
        if folder == but.folder or not _STATE.fullmatch(folder.name) or state.has_cycle:
            continue
        with suppress(LmtxError, OSError), only_one(folder / "lock", "the same training"):
            discard(folder.name[1:])
            shutil.rmtree(folder)
            removed += 1
    if removed:
        progress.note(
            "Removed: folders of trainings with other settings or inputs that were stopped before "
            f"the end of their first cycle: {removed}"
        )
