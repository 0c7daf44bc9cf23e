"""A tagger version made of a tiny encoder, and labels and texts for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lmtx_search.encoder.bands import Bands
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.form import Precision
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.windows import ONE_WINDOW, Windows
from lmtx_search.records import Label
from lmtx_search.rules import Rules
from lmtx_search.tagging.versions.contents import (
    TaggingRule,
    VersionEncoder,
    VersionLabels,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.untouched import Untouched
from lmtx_search.words.importance import PairImportance, WordImportance, pair_keys
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.support.tiny_encoder import DIMENSION, make_tiny_encoder

LABELS = [Label("1", "chess"), Label("2", "mail"), Label("3", "web"), Label("4", " a, and.")]


# Of the words of the tiny encoder.
IMPORTANCE = np.array([1.0, 3.0, 2.0, 1.5, 2.5, 2.0, 1.0, 1.2], dtype=np.float32)
PAIRS = pair_keys(np.array([5, 1, 6, 3]), len(IMPORTANCE))
WITH_PAIRS = WordImportance(
    IMPORTANCE, PairImportance(np.sort(PAIRS), np.array([2.0, 3.0, 2.5], dtype=np.float32), 4.0)
)


TEXTS = ["plays chess", "mail and web", "CHESS " * 99, "a", "nothing of it"]


def version_of(
    folder: Path,
    threshold: float = 0.2,
    dimension: int = DIMENSION,
    calibration: Calibration | None = None,
    own_thresholds: dict[str, float] | None = None,
    labels: list[Label] = LABELS,
    broader_tags: bool = False,
    words: WordWeights | None = None,
    word_windows: int = 1,
    prompt: str = "",
    offsets: dict[str, float] | None = None,
    bands: Bands | None = None,
    rules: Rules | None = None,
    max_tags: int = 2,
    windows: Windows = ONE_WINDOW,
    text_fields: Sequence[str] = (),
    untouched: Untouched | None = None,
    precision: Precision = "fp32",
) -> TaggerVersion:
    folder.mkdir(exist_ok=True)
    form = make_tiny_encoder(folder / "form", prompt)
    encoder = OnnxEncoder(form, 64)
    embeddings = encoder.encode_labels([label.text for label in labels])
    return TaggerVersions(folder).create(
        VersionEncoder(
            onnx_folder=form,
            name="tiny",
            digest=encoder.digest,
            precision=precision,
            document_tokens=8,
            windows=windows,
        ),
        VersionLabels(
            labels=labels,
            embeddings=np.ascontiguousarray(embeddings[:, :dimension]),
        ),
        TaggingRule(
            threshold=threshold,
            max_tags=max_tags,
            own_thresholds=own_thresholds or {},
            calibration=calibration,
            broader_tags=broader_tags,
            bands=bands,
            rules=rules,
            text_fields=text_fields,
            untouched=untouched,
        ),
        None
        if words is None
        else WordScoring(words, WITH_PAIRS, offsets=offsets or {}, windows=word_windows),
    )
