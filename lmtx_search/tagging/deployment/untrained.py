"""Fits an untrained encoder to a collection: the importance of words, and the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.score_threshold import RANKED, choose_threshold
from lmtx_search.encoder.windows import Windows, word_windows
from lmtx_search.encoder.word_scoring import word_scoring
from lmtx_search.progress import Progress
from lmtx_search.records import Label
from lmtx_search.settings import EncoderSettings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.words.weights import DEFAULT_FACTOR

# Documents whose best scores the threshold is chosen on.
_SCORED = 300


def fit_to_documents(
    settings: EncoderSettings,
    source: EncoderSource,
    encoder: OnnxEncoder,
    labels: Sequence[Label],
    embeddings: NDArray[np.float32],
    texts: Sequence[str],
    progress: Progress,
) -> EncoderSource:
    """Return the encoder with words and a threshold that suit documents with these texts.

    Args:
        settings: how documents are read.
        encoder: reads documents.
        embeddings: float32[labels, dimension], of the encoder.
        texts: in random order.
    """
    for_words = word_windows(settings.document_tokens, settings.windows)
    words = word_scoring(encoder, labels, texts, for_words, DEFAULT_FACTOR)
    reader = TextReader(encoder, Windows.of(settings), words)
    ids = [label.id for label in labels]
    scored = texts[:_SCORED]
    with progress.stage("Choose the threshold", len(scored), "documents") as advance:
        found = rank_labels(reader, scored, labels, ids, embeddings, RANKED, advance)
    chosen = choose_threshold(found, words.named)
    return replace(source.with_threshold(chosen), words=words)
