"""How words count beside an encoder, by how common they are in a collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Label
from lmtx_search.words.evidence import word_importance
from lmtx_search.words.tokens import WordTokens
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring

MOST_DOCUMENTS = 3000
"""Documents that are enough to know which words are common."""


def word_scoring(
    encoder: OnnxEncoder,
    labels: Iterable[Label],
    texts: Sequence[str],
    windows: int,
    factor: float,
) -> WordScoring:
    """Return the importance of words in documents and names of labels, with weights.

    Args:
        encoder: reads documents; its tokens are the words.
        texts: of documents, at most :data:`MOST_DOCUMENTS`.
        windows: number of windows that are read of a document.
        factor: of :data:`~lmtx_search.words.weights.DEFAULT_WEIGHTS`.
    """
    tokens = WordTokens(encoder.vocabulary(), encoder.special_tokens())
    names = [name for label in labels for name in (label.text, *label.synonyms)]
    read = encoder.tokens([*texts, *names], windows)
    importance = word_importance([tokens.words(ids) for ids in read], len(tokens))
    return WordScoring(DEFAULT_WEIGHTS.times(factor), importance)
