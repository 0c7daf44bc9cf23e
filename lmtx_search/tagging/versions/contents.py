"""What a new tagger version is made of: an encoder, labels, and a rule for tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import Bands
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.form import Precision
from lmtx_search.encoder.student import Student
from lmtx_search.encoder.windows import ONE_WINDOW, Windows
from lmtx_search.records import Label
from lmtx_search.rules import Rules
from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.untouched import Untouched


@dataclass(frozen=True, slots=True)
class VersionStudent:
    """The static encoder that reads documents for a version: its ONNX form and its record."""

    onnx_folder: Path
    record: Student


@dataclass(frozen=True, slots=True)
class VersionEncoder:
    """The encoder of a version.

    Attributes:
        onnx_folder: the encoder's ONNX form.
        name: the encoder's name for people.
        precision: of the embeddings of documents. Labels are always embedded in fp32.
        document_tokens: tokens that it reads of a document in each window.
        windows: how a long document is read.
        run: the training run that it comes from (None: it was not trained).
        student: reads documents in its place (None: the encoder reads documents and labels).
        refit: what later answers changed in the result of the run (None: nothing).
    """

    onnx_folder: Path
    name: str
    digest: str
    precision: Precision
    document_tokens: int
    windows: Windows = ONE_WINDOW
    run: str | None = None
    student: VersionStudent | None = None
    refit: Refit | None = None


@dataclass(frozen=True)
class VersionLabels:
    """The labels of a version.

    Attributes:
        embeddings: float32[labels, dimension], rows of length 1.
        passages: how they were embedded (``encoder.passages.passages_digest``).
    """

    labels: Sequence[Label]
    embeddings: NDArray[np.float32]
    passages: str = ""


@dataclass(frozen=True, slots=True)
class TaggingRule:
    """Which labels become tags of a document.

    Attributes:
        threshold: the least score of a tag.
        max_tags: the largest number of tags of a document.
        own_thresholds: thresholds of single labels, by id.
        calibration: the P(yes) that a score corresponds to.
        bands: the probability of a score, and which labels are suggested (None: none are).
        broader_tags: also write the labels above a document's tags.
        rules: what people ruled about labels (None: nothing).
        text_fields: fields of a document that are read.
        untouched: documents that are never touched (None: there are none).
    """

    threshold: float
    max_tags: int
    own_thresholds: Mapping[str, float] = field(default_factory=dict)
    calibration: Calibration | None = None
    broader_tags: bool = False
    bands: Bands | None = None
    rules: Rules | None = None
    text_fields: Sequence[str] = ()
    untouched: Untouched | None = None
