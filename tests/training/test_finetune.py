"""Fine-tuning of the real encoder with each strategy for negatives."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.negatives.base import Pool, bring_all
from lmtx_search.training.sampling import training_order
from lmtx_search.training.settings import FineTuning

pytestmark = pytest.mark.integration

LABELS = ["web browsers", "chess", "electronic mail", "astronomy", "music players"]


@pytest.mark.parametrize("name", [name for name in NEGATIVES if name != "hardest"])
def test_the_trainer_takes_what_a_strategy_brings_along(
    name: str, encoder_folder: Path, tmp_path: Path
) -> None:
    from lmtx_search.encoder.folder import encoder_digest
    from lmtx_search.training.student.finetune import fine_tune

    positives = [frozenset({number % 5}) for number in range(10)]
    refused = [[(number + 1) % 5, (number + 2) % 5] for number in range(10)]
    steps = training_order([dict.fromkeys(labels, 0.9) for labels in positives], 1, seed=0)
    pool = Pool(len(LABELS), positives, refused)
    loss = fine_tune(
        encoder_folder,
        tmp_path / "encoder",
        [f"A program about {LABELS[number % 5]}." for number in range(10)],
        LABELS,
        positives,
        steps,
        FineTuning(batch_size=4, negatives=name),
        0,
        brought=bring_all(NEGATIVES[name], pool, [document for document, _ in steps], 0),
    )
    assert 0 <= loss < 1
    assert encoder_digest(tmp_path / "encoder") != encoder_digest(encoder_folder)


def test_a_full_disk_is_told_as_everywhere_else(tmp_path: Path) -> None:
    from safetensors import SafetensorError

    from lmtx_search.training.student.finetune import _disk_faults_are_os_errors

    said = "Error while serializing: I/O error: No space left on device (os error 28)"
    with pytest.raises(OSError) as told, _disk_faults_are_os_errors(tmp_path):
        raise SafetensorError(said)
    assert (told.value.errno, told.value.filename) == (errno.ENOSPC, str(tmp_path))
