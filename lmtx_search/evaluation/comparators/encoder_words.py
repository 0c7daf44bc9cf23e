"""The words of documents and labels as the encoder of the settings reads them."""

from __future__ import annotations

from collections.abc import Sequence

from lmtx_search.encoder.label_words import label_words
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Document, Label
from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.importance import importance_of_words
from lmtx_search.words.tokens import Tokens


class EncoderWords:
    """Reads words with the tokenizer of an encoder.

    Args:
        encoder: its tokenizer and its number of tokens are used.
        windows: the number of windows that are read of a text.
    """

    def __init__(self, encoder: OnnxEncoder, windows: int = 1) -> None:
        self._encoder = encoder
        self._windows = windows
        self._words = encoder.word_tokens()

    def of(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the words of each text, in their order."""
        read = self._encoder.tokens(texts, self._windows)
        return [self._words.words(tokens) for tokens in read]

    def of_labels(self, labels: Sequence[Label], collection: Sequence[Document]) -> LabelWords:
        """Return the words of labels. A label's name and each synonym is a form of it.

        Args:
            collection: documents that tell how rare a word is.
        """
        forms = label_words(self._encoder, self._words, labels)
        known = self.of([document.text for document in collection])
        return LabelWords(forms, importance_of_words(known, forms, len(self._words)))
