"""How words count beside an encoder, by how common they are in a collection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmtx_search.encoder.label_words import label_words
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.score_threshold import informative
from lmtx_search.records import Label
from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.importance import importance_of_words
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring

MOST_DOCUMENTS = 3000
"""Documents that are enough to know which words are common."""


def word_scoring(
    encoder: OnnxEncoder,
    labels: Sequence[Label],
    texts: Sequence[str],
    windows: int,
    factor: float,
) -> WordScoring:
    """Return the importance of words in documents, with weights.

    Args:
        encoder: reads documents; its tokens are the words.
        texts: of documents, at most :data:`MOST_DOCUMENTS`. Without any, the names of labels tell
            which words are common.
        windows: number of windows that words are read from.
        factor: of :data:`~lmtx_search.words.weights.DEFAULT_WEIGHTS`.
    """
    tokens = encoder.word_tokens()
    read = [tokens.words(ids) for ids in encoder.tokens(texts, windows)]
    forms = label_words(encoder, tokens, labels)
    # Names of labels do not count: a large label set would make common words look rare.
    importance = importance_of_words(read, forms, len(tokens))
    words = LabelWords(forms, importance)
    named = np.zeros(len(labels), dtype=np.int64)
    for document in read:
        named[words.named(document)] += 1
    counts = {label.id: int(count) for label, count in zip(labels, named, strict=True)}
    return WordScoring(
        DEFAULT_WEIGHTS.times(factor),
        importance,
        informative(counts, len(texts)),
        windows=windows,
    )
