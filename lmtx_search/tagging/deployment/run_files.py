"""What a training run left on this machine: its encoder, and how words count beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.errors import UserError
from lmtx_search.words.importance import PAIRS_FILE, WordImportance, read_pairs
from lmtx_search.words.weights import (
    IMPORTANCE_FILE,
    OFFSETS_FILE,
    WordScoring,
    WordWeights,
    read_offsets,
)


def run_encoder(data_dir: Path, run: str, record: Mapping[str, Any]) -> Path:
    """Return the folder of a run's encoder: in the data folder, or where the run wrote it.

    The data folder may be a copy of one that had another path.

    Raises:
        UserError: the run has no encoder, or it is not on this machine, or was changed.
    """
    written = record.get("encoder_path")
    if not isinstance(written, str):
        raise UserError(f"the training run {run} did not end with an encoder: train again")
    places = dict.fromkeys((data_dir / "runs" / run / "encoder", Path(written)))
    there = [folder for folder in places if folder.is_dir()]
    if not there:
        told = " and no folder ".join(map(str, places))
        raise UserError(f"the encoder of run {run} is not on this machine: no folder {told}")
    digest = record.get("encoder_digest")
    for folder in there:
        if digest is None or encoder_digest(folder) == digest:
            return folder
    raise UserError(
        f"{there[0]} does not hold the encoder that run {run} made (its digest is another one): "
        "copy it again from where the run was made, or train again"
    )


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
