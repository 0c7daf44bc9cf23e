"""The encoder for a new tagger: that of a training run, or the untrained one of the settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.bands import Bands, choose_bands
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.label_digests import passage_digests, stored_digests
from lmtx_search.encoder.score_threshold import DEFAULT_THRESHOLD, ChosenThreshold, ScoreSpread
from lmtx_search.encoder.student import Student
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.settings import DocumentSettings, Settings
from lmtx_search.tagging.deployment.run_files import run_encoder, run_words
from lmtx_search.tagging.deployment.text_reading import TextReading
from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.tagging.versions.thresholds import LEAST_SCORE, Thresholds, own_thresholds
from lmtx_search.words.weights import WordScoring


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
        reading: how its run read texts (None: as the settings say).
        label_digests: of what the encoder reads of the labels that its run learned, by id (None:
            unknown).
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
    reading: TextReading | None = None
    label_digests: Mapping[str, bytes] | None = None

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

    def as_read(self, settings: Settings) -> Settings:
        """Return the settings with texts read as the scores of this source need it."""
        return settings if self.reading is None else self.reading.applied_to(settings)

    def reading_notes(self, settings: Settings) -> list[str]:
        """Return a note if texts are not read as the settings say."""
        note = self.reading and self.reading.note(self.name, settings.encoder)
        return [note] if note else []

    def changed_labels(self, labels: Sequence[Label]) -> frozenset[str]:
        """Return the ids of labels whose names have changed since the run learned them."""
        if self.label_digests is None:
            return frozenset()
        now, then = passage_digests(labels), self.label_digests
        return frozenset(id_ for id_, digest in now.items() if then.get(id_, digest) != digest)

    def for_labels(self, labels: Sequence[Label]) -> tuple[EncoderSource, list[str]]:
        """Return the source without what belongs to labels that have changed, and a note of them.

        A label with the same id may be another label by now, to which neither threshold, offset nor
        calibration belong. A name that is only spelled otherwise cannot be told from that.
        """
        changed = self.changed_labels(labels)
        words, calibration = self.words, self.calibration
        known = set(self.lowered)
        if words is not None:
            known.update(words.offsets)
            words = replace(words, offsets=_without(words.offsets, changed))
        if calibration is not None:
            known.update(calibration.offsets)
            calibration = replace(calibration, offsets=_without(calibration.offsets, changed))
        if not changed:
            return self, []
        source = replace(
            self,
            words=words,
            calibration=calibration,
            lowered=_without(self.lowered, changed),
            # What is chosen for these labels from now on is theirs.
            label_digests=passage_digests(labels),
        )
        lost = len(known & changed)
        if not lost:
            return source, []
        have = "label has" if lost == 1 else "labels have"
        note = (
            f"{lost:,} {have} changed since the {self.name} (another name or spelling, or other "
            "synonyms): what the run chose for single labels is left out there. "
            "`lmtx-search train` learns them anew"
        )
        return source, [note]

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
    return trained_source(settings, runs, run)


def trained_source(settings: Settings, runs: RunStore, run: str | None = None) -> EncoderSource:
    """Return the encoder of a training run, by default of the last run.

    Raises:
        UserError: there is no such run, or its encoder is not on this machine.
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
    return source_of_run(settings, run, record)


def source_of_run(settings: Settings, run: str, record: Mapping[str, Any]) -> EncoderSource:
    """Return the encoder of a training run from its record.

    Raises:
        UserError: its encoder is not on this machine.
    """
    folder = run_encoder(settings.data_dir, run, record)
    spread = record.get("score_spread")
    threshold, calibration = record.get("threshold"), record.get("calibration")
    return EncoderSource(
        folder,
        f"run {run}",
        run,
        None if threshold is None else float(threshold),
        None if calibration is None else Calibration(**calibration),
        run_words(folder, record),
        _interval(record.get("threshold_interval")),
        None if spread is None else ScoreSpread(**spread),
        record.get("lowered_thresholds") or {},
        kept=record.get("kept_because", ""),
        reading=TextReading.of_run(record, settings.encoder),
        label_digests=stored_digests(folder.parent, "train again"),
    )


def _without(of_labels: Mapping[str, float], ids: Collection[str]) -> dict[str, float]:
    return {id_: value for id_, value in of_labels.items() if id_ not in ids}


def _interval(ends: Sequence[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (ends[0], ends[1])


def untrained_source(settings: Settings) -> EncoderSource:
    """Return the untrained encoder of the settings."""
    folder = chosen_encoder(settings)
    return EncoderSource(folder, settings.encoder.name)
