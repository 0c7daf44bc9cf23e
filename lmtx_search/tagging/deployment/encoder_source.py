"""The encoder for a new tagger: that of a training run, or the untrained one of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.bands import Bands, choose_bands
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.score_threshold import DEFAULT_THRESHOLD, ChosenThreshold, ScoreSpread
from lmtx_search.encoder.student import Student
from lmtx_search.errors import UserError
from lmtx_search.settings import DocumentSettings, Settings
from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.tagging.versions.thresholds import LEAST_SCORE, Thresholds, own_thresholds
from lmtx_search.words.importance import PAIRS_FILE, WordImportance, read_pairs
from lmtx_search.words.weights import (
    IMPORTANCE_FILE,
    OFFSETS_FILE,
    WordScoring,
    WordWeights,
    read_offsets,
)


@dataclass(frozen=True, slots=True)
class StudentSource:
    """The sentence-transformers folder of a static encoder, and its record."""

    folder: Path
    record: Student


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """An encoder's folder, its name for people, and the choices of its training run.

    Attributes:
        threshold, calibration: of the scores of the encoder that reads documents.
        words: how words count beside the encoder (None: they do not count).
        threshold_interval: the 95 % interval of the threshold (None: it was not chosen on
            documents).
        spread: how the scores of these documents lie around the threshold (None: unknown, or there
            were none). Without it, there are no probabilities.
        lowered: by how much the threshold of a label is lower, by id.
        to_fit: whether a deployment chooses words and threshold by the training documents.
        kept: why the run kept this encoder and not another one ("": there was no other one).
        student: reads documents in place of the encoder, which embeds labels (None: the encoder
            does both).
        refit: what later answers changed in the result of the run (None: nothing).
    """

    folder: Path
    name: str
    run: str | None = None
    threshold: float | None = None
    calibration: Calibration | None = None
    words: WordScoring | None = None
    threshold_interval: tuple[float, float] | None = None
    spread: ScoreSpread | None = None
    lowered: Mapping[str, float] = field(default_factory=dict)
    to_fit: bool = False
    kept: str = ""
    student: StudentSource | None = None
    refit: Refit | None = None

    @property
    def highest_score(self) -> float:
        """The largest score that a label can have."""
        return 1.0 if self.words is None else self.words.highest

    @property
    def own_thresholds(self) -> dict[str, float]:
        """The thresholds of labels that have their own, by id."""
        if self.threshold is None:
            return {}
        return own_thresholds(self.threshold, self.calibration, self.highest_score, self.lowered)

    def refitted(
        self,
        offsets: Mapping[str, float],
        threshold: ChosenThreshold | None,
        calibration: Calibration | None,
        refit: Refit,
    ) -> EncoderSource:
        """Return the source with what was fitted anew.

        Args:
            offsets: of labels, by id.
            threshold, calibration: None keeps those that the source has.
        """
        words = None if self.words is None else replace(self.words, offsets=offsets)
        source = self if threshold is None else self.with_threshold(threshold)
        calibration = self.calibration if calibration is None else calibration
        return replace(source, words=words, calibration=calibration, refit=refit)

    def with_threshold(self, chosen: ChosenThreshold) -> EncoderSource:
        """Return the source with this threshold."""
        return replace(
            self,
            threshold=chosen.value,
            threshold_interval=chosen.interval,
            spread=chosen.spread,
            lowered=chosen.lowered,
        )

    def bands(self, settings: DocumentSettings) -> Bands | None:
        """Return which labels are applied and suggested (None: there are no probabilities)."""
        if self.threshold is None or self.spread is None:
            return None
        return choose_bands(
            self.threshold,
            self.spread,
            self.own_thresholds,
            apply_from=settings.apply_from,
            suggest_from=settings.suggest_from,
            of_labels=settings.bands_of_labels,
            review_first=settings.review_first,
        )

    def applied_from(self, settings: DocumentSettings) -> Thresholds:
        """Return the scores from which a deployment with default options applies labels."""
        bands = self.bands(settings)
        if bands is None:
            threshold = DEFAULT_THRESHOLD if self.threshold is None else self.threshold
            return Thresholds(threshold, self.own_thresholds)
        own = {label: max(LEAST_SCORE, bands.apply_at(label)) for label in bands.own}
        return Thresholds(max(LEAST_SCORE, bands.apply_at()), own)


def find_source(
    settings: Settings, runs: RunStore, run: str | None = None, untrained: bool = False
) -> EncoderSource:
    """Return the encoder to deploy: that of a training run, by default the last, or the untrained.

    Raises:
        UserError: there is no such run, its folder is not on this machine, or both a run and the
            untrained encoder are asked for.
    """
    if untrained and run is not None:
        raise UserError("give either RUN or --untrained, not both")
    if untrained:
        return replace(untrained_source(settings), to_fit=True)
    return trained_source(runs, run)


def trained_source(runs: RunStore, run: str | None = None) -> EncoderSource:
    """Return the encoder of a training run, by default of the last run.

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
    return source_of_run(run, record)


def source_of_run(run: str, record: Mapping[str, Any]) -> EncoderSource:
    """Return the encoder of a training run from its record.

    Raises:
        UserError: its folder is not on this machine.
    """
    path = record.get("encoder_path")
    if not isinstance(path, str):
        raise UserError(f"the training run {run} did not end with an encoder: train again")
    if not Path(path).is_dir():
        raise UserError(f"the encoder of run {run} is not on this machine: no folder {path}")
    spread = record.get("score_spread")
    threshold, calibration = record.get("threshold"), record.get("calibration")
    return EncoderSource(
        Path(path),
        f"run {run}",
        run,
        None if threshold is None else float(threshold),
        None if calibration is None else Calibration(**calibration),
        run_words(Path(path), record),
        _interval(record.get("threshold_interval")),
        None if spread is None else ScoreSpread(**spread),
        record.get("lowered_thresholds") or {},
        kept=record.get("kept_because", ""),
    )


def _interval(ends: Sequence[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (ends[0], ends[1])


def run_words(encoder: Path, record: Mapping[str, Any]) -> WordScoring | None:
    """Return how words count in a training run, by the files beside its encoder.

    Args:
        record: of the run.

    Raises:
        UserError: a file is missing or damaged.
    """
    weights = record.get("words")
    if weights is None:
        return None
    # Runs of earlier releases read words from the windows of the encoder, and no pairs of words.
    windows = record.get("word_windows") or 1
    file = encoder.parent / IMPORTANCE_FILE
    try:
        words: NDArray[np.float32] = np.load(file, allow_pickle=False)
        file = encoder.parent / PAIRS_FILE
        pairs = read_pairs(encoder.parent) if record.get("word_pairs") else None
        importance = WordImportance(words, pairs)
        file = encoder.parent / OFFSETS_FILE
        offsets = read_offsets(encoder.parent)
        return WordScoring(WordWeights(**weights), importance, offsets=offsets, windows=windows)
    except FileNotFoundError as error:
        raise UserError(f"{file} is missing on this machine: train again") from error
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{file} is damaged ({error}): train again") from error


def untrained_source(settings: Settings) -> EncoderSource:
    """Return the untrained encoder of the settings."""
    folder = chosen_encoder(settings)
    return EncoderSource(folder, settings.encoder.name)
