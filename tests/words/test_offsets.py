"""What answers choose beside an encoder: offsets of labels, and the weights of words."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.importance import PairImportance, WordImportance
from lmtx_search.words.weights import (
    DEFAULT_WEIGHTS,
    OFFSETS_FILE,
    WordScoring,
    fitted,
    read_offsets,
    write_offsets,
    write_weights,
)

IMPORTANCE = WordImportance(np.ones(10, dtype=np.float32))
FORMS = [[np.array([1])], [np.array([2])]]


def test_an_offset_is_added_in_every_document() -> None:
    without = LabelWords(FORMS, IMPORTANCE)
    shifted = LabelWords(FORMS, IMPORTANCE, np.array([0.2, -0.1], dtype=np.float32))
    documents = [np.array([1, 3]), np.array([], dtype=np.int64)]
    change = shifted.scores(documents, DEFAULT_WEIGHTS) - without.scores(documents, DEFAULT_WEIGHTS)
    assert change == pytest.approx(np.array([[0.2, -0.1], [0.2, -0.1]]))


def test_the_highest_score_includes_the_largest_offset() -> None:
    scoring = WordScoring(DEFAULT_WEIGHTS, IMPORTANCE, offsets={"a": 0.2, "b": -0.5})
    assert scoring.highest == pytest.approx(1.7)
    assert WordScoring(DEFAULT_WEIGHTS, IMPORTANCE).highest == pytest.approx(1.5)
    pairs = PairImportance(np.array([1]), np.ones(1, dtype=np.float32), 2.0)
    paired = WordImportance(IMPORTANCE.words, pairs)
    assert WordScoring(DEFAULT_WEIGHTS, paired).highest == pytest.approx(1.8)


def test_offsets_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_offsets(tmp_path, {"é": 0.25, "b": -0.5})
    assert read_offsets(tmp_path) == {"é": 0.25, "b": -0.5}


def test_offsets_that_cannot_be_written_leave_the_earlier_ones(tmp_path: Path) -> None:
    write_offsets(tmp_path, {"a": 0.25})
    too_long = {"a" * 100_000: 0.5}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError):
            write_offsets(tmp_path, too_long)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert read_offsets(tmp_path) == {"a": 0.25}


def test_a_folder_without_offsets_has_none(tmp_path: Path) -> None:
    assert read_offsets(tmp_path) == {}


def test_words_count_beside_an_encoder_as_answers_chose(tmp_path: Path) -> None:
    words = WordScoring(DEFAULT_WEIGHTS, IMPORTANCE)
    before = fitted(words, tmp_path)
    write_weights(tmp_path, DEFAULT_WEIGHTS.times(0.3))
    write_offsets(tmp_path, {"a": 0.25})
    after = fitted(words, tmp_path)

    assert before is not None
    assert before.weights == DEFAULT_WEIGHTS
    assert after is not None
    assert after.weights == DEFAULT_WEIGHTS.times(0.3)
    assert after.offsets == {"a": 0.25}


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": "high"}'])
def test_a_damaged_file_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / OFFSETS_FILE).write_text(text)
    with pytest.raises(ValueError):
        read_offsets(tmp_path)
