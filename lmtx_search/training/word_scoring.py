"""How words count beside the encoders of a run."""

from __future__ import annotations

from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.words.evidence import word_importance
from lmtx_search.words.tokens import WordTokens
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring

# Enough to know which words are common.
_DOCUMENTS = 3000


def word_scoring(resources: RunResources, settings: TrainingSettings) -> WordScoring | None:
    """Return the weights of the settings and the importance of words in the training documents.

    All encoders of a run have the tokenizer of the base encoder.

    Returns:
        None if words do not count.
    """
    if not settings.words:
        return None
    encoder = resources.load_encoder(resources.base, settings.fine_tuning.document_tokens)
    tokens = WordTokens(encoder.vocabulary(), encoder.special_tokens())
    names = [name for label in resources.labels for name in (label.text, *label.synonyms)]
    texts = [document.text for document in resources.training[:_DOCUMENTS]] + names
    read = encoder.tokens(texts, settings.fine_tuning.windows)
    importance = word_importance([tokens.words(ids) for ids in read], len(tokens))
    return WordScoring(DEFAULT_WEIGHTS.times(settings.words), importance)
