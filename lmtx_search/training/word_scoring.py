"""How words count beside the encoders of a run."""

from __future__ import annotations

from lmtx_search.encoder.windows import word_windows
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS
from lmtx_search.encoder.word_scoring import word_scoring as scoring_of
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.words.weights import WordScoring


def word_scoring(resources: RunResources, settings: TrainingSettings) -> WordScoring | None:
    """Return the weights of the settings and the importance of words in the training documents.

    All encoders of a run have the tokenizer of the base encoder.

    Returns:
        None if words do not count.
    """
    if not settings.words:
        return None
    tuning = settings.fine_tuning
    encoder = resources.load_encoder(resources.base, tuning.document_tokens)
    texts = [document.text for document in resources.training[:MOST_DOCUMENTS]]
    windows = word_windows(tuning.document_tokens, tuning.windows)
    return scoring_of(encoder, resources.labels, texts, windows, settings.words)
