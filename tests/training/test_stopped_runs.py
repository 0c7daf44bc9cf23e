"""Trainings that were stopped leave nothing that no later one can use."""

from __future__ import annotations

from pathlib import Path

from lmtx_search.system.file_locks import only_one
from lmtx_search.training.resume import RunState
from lmtx_search.training.stopped_runs import remove_stopped
from tests.support.notes import Notes


def stopped(runs: Path, name: str, cycle: int) -> RunState:
    """Return the state of a training whose last finished cycle is this one."""
    file = runs / name / f"cycle-{cycle}" / "result.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    return RunState(runs / name)


def test_states_without_a_finished_cycle_are_removed_unless_they_are_in_use(tmp_path: Path) -> None:
    own, used, *others = (f".{digit * 24}" for digit in "abcd")
    state = stopped(tmp_path, own, 0)
    for name in (used, others[0], ".named-" + "e" * 24, "20260131-120000-1a2b3c"):
        stopped(tmp_path, name, 0)
    stopped(tmp_path, others[1], 1)
    notes = Notes()
    discarded: list[str] = []
    with only_one(tmp_path / used / "lock", "the same training"):
        remove_stopped(tmp_path, state, discarded.append, notes)
    left = {folder.name for folder in tmp_path.iterdir()}
    assert left == {own, used, others[1], ".named-" + "e" * 24, "20260131-120000-1a2b3c"}
    assert discarded == ["c" * 24]
    (note,) = notes.kept
    assert note.endswith(": 1")
    remove_stopped(tmp_path, RunState(tmp_path / used), discarded.append, notes)
    assert not (tmp_path / own).exists()
