"""Fine-tuning of the real encoder."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.negatives.base import Pool, draw_extra_labels
from lmtx_search.training.sampling import training_order
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.training_data import TrainingData

pytestmark = pytest.mark.integration

LABELS = ["web browsers", "chess", "electronic mail", "astronomy", "music players"]


@pytest.mark.parametrize("name", [name for name in NEGATIVES if name != "hardest"])
def test_the_trainer_takes_the_extra_labels_of_a_strategy(
    name: str, encoder_folder: Path, tmp_path: Path
) -> None:
    from lmtx_search.encoder.folder import encoder_digest
    from lmtx_search.training.student.fine_tuning import fine_tune

    positives = [frozenset({number % 5}) for number in range(10)]
    refused = [[(number + 1) % 5, (number + 2) % 5] for number in range(10)]
    steps = training_order([dict.fromkeys(labels, 0.9) for labels in positives], 1, seed=0)
    pool = Pool(labels=len(LABELS), positives=positives, refused=refused)
    data = TrainingData(
        documents=[f"A program about {LABELS[number % 5]}." for number in range(10)],
        labels=LABELS,
        never_negative=positives,
        steps=steps,
        extra=draw_extra_labels(NEGATIVES[name], pool, [document for document, _ in steps], 0),
    )
    loss = fine_tune(
        encoder_folder,
        tmp_path / "encoder",
        data,
        FineTuning(batch_size=4, negatives=name),
        seed=0,
    )
    assert 0 <= loss < 1
    assert encoder_digest(tmp_path / "encoder") != encoder_digest(encoder_folder)


@pytest.mark.parametrize("dropout", [False, True])
def test_an_encoder_is_trained_without_dropout_unless_it_is_asked_for(
    dropout: bool, encoder_folder: Path
) -> None:
    import torch

    from lmtx_search.encoder.description import describe
    from lmtx_search.training.student.trainer import open_model

    model = open_model(encoder_folder, describe(encoder_folder), FineTuning(dropout=dropout))
    model.train()
    features = model.preprocess(["a program that plays chess"])
    one, other = (model(dict(features))["sentence_embedding"] for _ in range(2))
    assert bool(torch.equal(one, other)) is not dropout


def test_a_full_disk_is_an_os_error_as_everywhere_else(tmp_path: Path) -> None:
    from safetensors import SafetensorError

    from lmtx_search.training.student.trainer import _disk_faults_are_os_errors

    said = "Error while serializing: I/O error: No space left on device (os error 28)"
    with pytest.raises(OSError) as caught, _disk_faults_are_os_errors(tmp_path):
        raise SafetensorError(said)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path))
