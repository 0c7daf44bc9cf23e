"""Fits an untrained encoder to a collection: the importance of words, and the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.score_threshold import choose_threshold
from lmtx_search.encoder.windows import Windows
from lmtx_search.encoder.word_scoring import word_scoring
from lmtx_search.progress import Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.words.weights import DEFAULT_FACTOR

# Documents whose best scores the threshold is chosen on.
_SCORED = 300


def fit_to_documents(
    settings: Settings,
    source: EncoderSource,
    labels: Sequence[Label],
    embeddings: NDArray[np.float32],
    texts: Sequence[str],
    progress: Progress,
) -> EncoderSource:
    """Return the encoder with words and a threshold that suit documents with these texts.

    Args:
        embeddings: float32[labels, dimension], of the encoder.
        texts: in random order; without any, the encoder is returned as it is.
    """
    if not texts:
        return source
    wanted = settings.encoder
    encoder = load_encoder(settings, folder=source.folder, max_tokens=wanted.document_tokens)
    words = word_scoring(encoder, labels, texts, wanted.windows, DEFAULT_FACTOR)
    reader = TextReader(encoder, Windows.of(wanted), words)
    ids = [label.id for label in labels]
    scored = texts[:_SCORED]
    with progress.stage("Choose the threshold", len(scored), "documents") as advance:
        found = rank_labels(reader, scored, labels, ids, embeddings, 1, advance)
    chosen = choose_threshold([ranking[0][1] for ranking in found if ranking])
    return replace(
        source,
        words=words,
        threshold=chosen.value,
        threshold_interval=chosen.interval,
    )
