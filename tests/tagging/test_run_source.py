"""What a deployment takes from a training run: how texts are read, its labels, its encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.label_digests import passage_digests, write_digests
from lmtx_search.errors import UserError
from lmtx_search.evaluation import systems
from lmtx_search.progress import SILENT
from lmtx_search.records import Document, Label
from lmtx_search.settings import EncoderSettings, Settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource, source_of_run
from lmtx_search.tagging.deployment.make_version import make_version
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.deployment.run_files import run_encoder
from lmtx_search.tagging.deployment.text_reading import TextReading
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.importance import WordImportance
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.support.notes import Notes
from tests.support.tiny_encoder import make_tiny_encoder

LABELS = [Label("1", "chess"), Label("2", "mail"), Label("3", "web")]
READ_BY_RUN = {"document_tokens": 8, "label_tokens": 9, "windows": 3, "window_pooling": "max"}


def made(tmp_path: Path, record: dict[str, Any]) -> tuple[Settings, EncoderSource]:
    """A run in the data folder, whose encoder is tiny, and the settings."""
    settings = Settings(
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        encoder=EncoderSettings(document_tokens=16),
    )
    folder = settings.data_dir / "runs" / "r1"
    folder.mkdir(parents=True)
    make_tiny_encoder(folder / "encoder")
    write_digests(folder, passage_digests(LABELS))
    record = {"encoder_path": str(folder / "encoder"), "threshold": 0.4, **record}
    return settings, source_of_run(settings, "r1", record)


def test_texts_are_read_as_in_the_run_that_chose_the_threshold_and_this_is_said(
    tmp_path: Path,
) -> None:
    settings, source = made(tmp_path, {"settings": {"fine_tuning": {**READ_BY_RUN, "epochs": 4}}})
    (note,) = source.reading_notes(settings)
    assert note.startswith("Texts are read as in the run r1, whose threshold was chosen for that")
    assert "encoder.document_tokens is 8, not 16" in note
    assert "encoder.window_pooling is max, not mean" in note
    read = source.as_read(settings)
    assert TextReading(**READ_BY_RUN) == TextReading.of_run(
        {"settings": {"fine_tuning": vars(read.encoder)}}, settings.encoder
    )
    assert source.reading_notes(read) == []


def test_a_version_and_an_evaluation_read_texts_as_the_run(tmp_path: Path) -> None:
    settings, source = made(tmp_path, {"settings": {"fine_tuning": READ_BY_RUN}})
    read = source.as_read(settings)
    manifest = make_version(read, source, DeployOptions(), LABELS, SILENT).version.manifest
    assert (manifest.document_tokens, manifest.windows.most) == (8, 3)
    assert manifest.passages.endswith("-9")
    # What follows is behind the 16 tokens of the settings: only the third window reads it.
    documents = [Document(last, "chess " * 16 + f"{last} " * 8) for last in ("mail", "web")]
    notes = Notes()
    output = systems.encoder(settings, LABELS, source, "run").rank(documents, notes)
    assert set(output.rankings["mail"][:2]) == {"1", "2"}
    assert set(output.rankings["web"][:2]) == {"1", "3"}
    assert len(notes.kept) == 1


def test_a_run_that_does_not_say_how_texts_were_read_takes_the_settings(tmp_path: Path) -> None:
    settings, source = made(tmp_path, {})
    assert source.as_read(settings) == settings
    partly = TextReading.of_run(
        {"settings": {"fine_tuning": {"document_tokens": 8, "label_tokens": 9}}}, settings.encoder
    )
    assert partly == TextReading(8, 9, 1, "mean")


def learned(source_labels: list[Label]) -> EncoderSource:
    values = {label.id: 0.01 for label in source_labels}
    importance = WordImportance(np.ones(8, dtype=np.float32))
    words = WordScoring(WordWeights(0.3, 0.1, 0.2), importance, offsets=values)
    return EncoderSource(
        Path(),
        "run r1",
        "r1",
        0.4,
        Calibration(8.0, -1.0, 50, offsets=values),
        words,
        lowered=values,
        label_digests=passage_digests(source_labels),
    )


def test_what_a_run_chose_for_single_labels_is_left_out_of_labels_that_are_others_now() -> None:
    now = [Label("1", "music"), Label("2", "mail"), Label("3", "Web"), Label("4", "new")]
    source, (note,) = learned(LABELS).for_labels(now)
    nothing_learned = replace(learned(LABELS), words=None, calibration=None, lowered={})
    fitted_since = replace(nothing_learned.for_labels(now)[0], lowered={"1": 0.1})
    assert fitted_since.for_labels(now) == (fitted_since, [])
    assert source.words is not None
    assert source.calibration is not None
    for kept in (source.words.offsets, source.calibration.offsets, source.lowered):
        assert set(kept) == {"2"}
    assert note.startswith("2 labels have changed since the run r1 (another name or spelling")
    # Later answers may give the new labels offsets of their own.
    assert source.for_labels(now) == (source, [])


def test_unchanged_labels_and_runs_of_earlier_releases_keep_what_was_chosen(tmp_path: Path) -> None:
    source = learned(LABELS)
    assert source.for_labels(LABELS) == (source, [])
    # The encoder does not read a description.
    assert source.for_labels([replace(one, description="new") for one in LABELS]) == (source, [])
    _, stored = made(tmp_path, {})
    assert stored.label_digests == passage_digests(LABELS)
    earlier = EncoderSource(Path(), "run r1", lowered={"1": 0.1})
    assert earlier.for_labels([Label("1", "other")]) == (earlier, [])


def test_a_version_of_changed_labels_says_how_many_lose_their_own_thresholds(
    tmp_path: Path,
) -> None:
    settings, source = made(tmp_path, {"lowered_thresholds": {"1": 0.1, "2": 0.1}})
    notes = Notes()
    now = [Label("1", "plays"), *LABELS[1:]]
    version = make_version(settings, source, DeployOptions(), now, notes).version
    assert set(TaggerVersion.read(version.folder).manifest.own_thresholds) == {"2"}
    assert any("1 label has changed since the run r1" in note for note in notes.kept)


def test_a_run_is_found_in_a_data_folder_that_was_copied_to_another_path(tmp_path: Path) -> None:
    settings, source = made(tmp_path, {"encoder_path": "/old/data/runs/r1/encoder"})
    assert source.folder == settings.data_dir / "runs" / "r1" / "encoder"
    with pytest.raises(UserError, match=r"run r2 is not on this machine: no folder .*r2.* and no "):
        run_encoder(settings.data_dir, "r2", {"encoder_path": "/old/data/runs/r2/encoder"})


def test_the_encoder_of_another_run_is_refused(tmp_path: Path) -> None:
    settings, source = made(tmp_path, {})
    record = {"encoder_path": "/old", "encoder_digest": encoder_digest(source.folder)}
    assert run_encoder(settings.data_dir, "r1", record) == source.folder
    with pytest.raises(UserError, match=r"does not hold the encoder that run r1 made"):
        run_encoder(settings.data_dir, "r1", {**record, "encoder_digest": "0" * 64})
