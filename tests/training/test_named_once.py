"""The stage before the first cycle, while another command carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.progress import Silent
from lmtx_search.system.file_locks import only_one
from lmtx_search.training.named_once import first_encoder, named_state
from lmtx_search.training.settings import TrainingSettings


class StoppedAtOnce(Silent):
    """Ctrl-C as soon as a stage begins."""

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        raise KeyboardInterrupt
        yield


def test_who_stops_while_it_waits_removes_nothing_of_the_one_that_trains(tmp_path: Path) -> None:
    state = named_state(tmp_path, "fingerprint")
    half_trained = state.encoder(0) / "model.safetensors"
    resources: Any = None  # nothing is read before the lock is held
    with only_one(state.folder / "lock", "the same stage"):
        half_trained.parent.mkdir(parents=True)
        half_trained.touch()
        with pytest.raises(KeyboardInterrupt):
            first_encoder(resources, TrainingSettings(), state, StoppedAtOnce())
        assert half_trained.exists()
