"""How words count beside an encoder, by how common they are in a collection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.score_threshold import informative
from lmtx_search.records import Label
from lmtx_search.words.evidence import LabelWords, word_importance
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
        windows: number of windows that are read of a document.
        factor: of :data:`~lmtx_search.words.weights.DEFAULT_WEIGHTS`.
    """
    tokens = encoder.word_tokens()
    names = [[label.text, *label.synonyms] for label in labels]
    flat = [name for of_label in names for name in of_label]
    read = [tokens.words(ids) for ids in encoder.tokens([*texts, *flat], windows)]
    # Names of labels do not count: a large label set would make common words look rare.
    importance = word_importance(read[: len(texts)] or read, len(tokens))
    forms = iter(read[len(texts) :])
    words = LabelWords([[next(forms) for _ in of_label] for of_label in names], importance)
    named = np.zeros(len(labels), dtype=np.int64)
    for document in read[: len(texts)]:
        named[words.named(document)] += 1
    counts = {label.id: int(count) for label, count in zip(labels, named, strict=True)}
    return WordScoring(DEFAULT_WEIGHTS.times(factor), importance, informative(counts, len(texts)))
