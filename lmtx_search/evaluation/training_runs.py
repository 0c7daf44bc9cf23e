"""Finds the training run that is compared or reported on."""

from __future__ import annotations

from typing import Any

from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError


def find_run(client: Any, run: str | None) -> tuple[str, dict[str, Any]] | None:
    """Return the id and record of a training run, by default the last one (None: there is none).

    Raises:
        UserError: there is no training run with that id.
    """
    store = RunStore(client)
    if run is None:
        return store.latest("train")
    record = store.get(run)
    if record is None or record.get("kind") != "train":
        raise UserError(f"there is no training run {run}: `lmtx-search runs` lists them")
    return run, record
