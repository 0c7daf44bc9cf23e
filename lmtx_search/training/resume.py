"""Stores the finished cycles of a run, from which a killed run continues."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.label_digests import passage_digests, write_digests
from lmtx_search.encoder.score_threshold import ScoreSpread
from lmtx_search.records import Label
from lmtx_search.training.cycle import CycleResult
from lmtx_search.training.development import Development
from lmtx_search.training.named_stage import NamedResult
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.teacher.judging_result import HostCost, JudgingResult
from lmtx_search.words.importance import write_pairs
from lmtx_search.words.weights import (
    IMPORTANCE_FILE,
    OFFSETS_FILE,
    WEIGHTS_FILE,
    WordScoring,
)


class RunState:
    """A folder with the encoder and the result of each finished cycle.

    A cycle is finished when its ``result.json`` exists, which is written last and atomically.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def encoder(self, cycle: int) -> Path:
        """Return the folder of the encoder that a cycle (from 1) trains; 0: the stage before."""
        return self.folder / f"cycle-{cycle}" / "encoder"

    def begin(self, cycle: int) -> None:
        """Remove what a killed attempt of a cycle left: it would count as this attempt's."""
        folder = self.folder / f"cycle-{cycle}"
        if folder.exists():
            shutil.rmtree(folder)

    def finished(self) -> list[CycleResult]:
        """Return the results of the finished cycles, in order."""
        results: list[CycleResult] = []
        while (file := self._file(len(results) + 1)).is_file():
            results.append(_result(json.loads(file.read_text(encoding="utf-8"))))
        return results

    @property
    def has_cycle(self) -> bool:
        """Whether a cycle is finished, beside the stage before the first one."""
        return self._file(1).is_file()

    def keep(self, cycle: int, result: CycleResult) -> None:
        """Store the result of a finished cycle. Its encoder is already in the folder."""
        self._write(cycle, asdict(result))

    def named(self) -> NamedResult | None:
        """Return the result of the stage before the first cycle, if it is finished."""
        file = self._file(0)
        if not file.is_file():
            return None
        return NamedResult(**json.loads(file.read_text(encoding="utf-8")))

    def keep_named(self, result: NamedResult) -> None:
        """Store the result of the stage before the first cycle."""
        self._write(0, asdict(result))

    def adopt(self, other: RunState, cycle: int) -> None:
        """Copy a finished cycle (0: the stage before) of another state, or nothing of it."""
        self.begin(cycle)
        partial = self.folder / "adopted"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(other.folder / f"cycle-{cycle}", partial)
        partial.rename(self.folder / f"cycle-{cycle}")

    def run_id(self, new: str) -> str:
        """Return the id of the run: the first one that was given, even to a killed process."""
        file = self.folder / "run-id"
        if not file.is_file():
            partial = file.with_suffix(".part")
            partial.write_text(new, encoding="utf-8")
            partial.replace(file)
        return file.read_text(encoding="utf-8")

    def hand_over(
        self,
        encoder: Path,
        folder: Path,
        answers: RunAnswers,
        labels: Iterable[Label],
        all_of: int = 0,
        words: WordScoring | None = None,
    ) -> Path:
        """Copy the encoder to keep into the run's own folder, completely or not at all.

        An existing folder was written by a killed process of the same run.

        Args:
            encoder: the folder of a cycle's encoder, or of one that is kept instead.
            answers: what the encoder learned from. They are written beside it.
            labels: that it learned. Digests of what it reads of them are written beside it.
            words: how words count beside the encoder. Their importance is written beside it.
            all_of: number of cycles whose encoders are copied too, to ``cycles/<cycle>/encoder``.
        """
        if folder.is_dir():
            return folder / "encoder"
        partial = self.folder / "run"
        shutil.rmtree(partial, ignore_errors=True)
        # What lies beside an encoder from elsewhere belongs to the scores of another run.
        _copy(encoder, partial, fitted=encoder.is_relative_to(self.folder))
        for one in range(1, all_of + 1):
            _copy(self.encoder(one), partial / "cycles" / str(one))
        if words is not None:
            np.save(partial / IMPORTANCE_FILE, words.importance.words, allow_pickle=False)
            write_pairs(partial, words.importance.pairs)
        answers.write(partial)
        write_digests(partial, passage_digests(labels))
        partial.rename(folder)
        return folder / "encoder"

    def remove(self) -> None:
        """Remove the folder at the end of the run."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_unless_finished(self) -> None:
        """Remove the folder unless it holds something finished to continue from."""
        with suppress(OSError, ValueError):
            if not self.has_cycle and not self._file(0).is_file():
                self.remove()

    def _write(self, cycle: int, values: dict[str, Any]) -> None:
        file = self._file(cycle)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".part")
        with partial.open("w", encoding="utf-8") as stream:
            json.dump(values, stream, default=sorted)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)

    def _file(self, cycle: int) -> Path:
        return self.folder / f"cycle-{cycle}" / "result.json"


def _copy(encoder: Path, folder: Path, fitted: bool = True) -> None:
    """Copy an encoder, and what answers chose for its scores, into a folder."""
    shutil.copytree(encoder, folder / "encoder")
    for name in (OFFSETS_FILE, WEIGHTS_FILE):
        beside = encoder.parent / name
        if fitted and beside.is_file():
            shutil.copyfile(beside, folder / name)


def _result(values: dict[str, Any]) -> CycleResult:
    development = dict(values["development"])
    development["judged"] = _judged(development["judged"])
    if development.get("calibration"):
        development["calibration"] = Calibration(**development["calibration"])
    if development.get("threshold_interval"):
        development["threshold_interval"] = tuple(development["threshold_interval"])
    if development.get("spread"):
        development["spread"] = ScoreSpread(**development["spread"])
    return CycleResult(
        **{
            **values,
            "judged": _judged(values["judged"]),
            "development": Development(**development),
        }
    )


def _judged(values: dict[str, Any]) -> JudgingResult:
    silent = {(document, label) for document, label in values["silent"]}
    hosts = {name: HostCost(**cost) for name, cost in values["hosts"].items()}
    return JudgingResult(**{**values, "silent": silent, "hosts": hosts})
