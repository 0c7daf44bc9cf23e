"""Which encoder a tagger is made of: a training run's, or the settings' own, untrained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.folder import resolve_encoder
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings


@dataclass(frozen=True, slots=True)
class Source:
    """An encoder's folder, its name for people, and what its training run chose."""

    folder: Path
    name: str
    run: str | None = None
    threshold: float | None = None
    calibration: Calibration | None = None


def find_source(
    settings: Settings, runs: RunStore, run: str | None = None, untrained: bool = False
) -> Source:
    """Return the settings' encoder as it is, or that of a training run, by default of the last.

    Raises:
        UserError: there is no such run, or its folder is not on this machine.
    """
    return untrained_source(settings) if untrained else trained_source(runs, run)


def trained_source(runs: RunStore, run: str | None = None) -> Source:
    """Return the encoder of a training run, by default of the last one.

    Raises:
        UserError: there is no such run, or its folder is not on this machine.
    """
    if run is None:
        latest = runs.latest("train")
        if latest is None:
            raise UserError(
                "there is no training run: `lmtx-search train` first, or deploy the encoder as it "
                "is with --untrained"
            )
        run, record = latest
    else:
        found = runs.get(run)
        if found is None or found.get("kind") != "train":
            raise UserError(f"there is no training run {run}")
        record = found
    path = record.get("encoder_path")
    if not isinstance(path, str):
        raise UserError(f"the training run {run} did not end with an encoder: train again")
    if not Path(path).is_dir():
        raise UserError(f"the encoder of run {run} is not on this machine: no folder {path}")
    threshold, calibration = record.get("threshold"), record.get("calibration")
    return Source(
        Path(path),
        f"run {run}",
        run,
        None if threshold is None else float(threshold),
        None if calibration is None else Calibration(**calibration),
    )


def untrained_source(settings: Settings) -> Source:
    """Return the settings' encoder as it is."""
    folder = resolve_encoder(settings.encoder.name, settings.cache_dir)
    return Source(folder, settings.encoder.name)
