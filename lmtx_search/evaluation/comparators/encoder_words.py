"""The words of documents and labels as the encoder of the settings reads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from lmtx_search.encoder.form import TOKENIZER_FILE, OnnxForm
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.read_text import read_text
from lmtx_search.records import Document, Label
from lmtx_search.words.evidence import LabelWords, word_importance
from lmtx_search.words.tokens import Tokens, WordTokens

_CHARACTERS_PER_TOKEN = 64


class EncoderWords:
    """Reads words with the tokenizer of an encoder.

    Args:
        encoder: its tokenizer is used, and its number of tokens.
        windows: how many times that many tokens are read of a text.
    """

    def __init__(self, encoder: OnnxEncoder, windows: int = 1) -> None:
        from tokenizers import Tokenizer

        self._lower = OnnxForm.read(encoder.folder).lower
        self._most = encoder.max_tokens * windows
        self._tokenizer: Any = Tokenizer.from_file(str(encoder.folder / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._most)
        ids: dict[str, int] = self._tokenizer.get_vocab()
        vocabulary = [""] * (max(ids.values()) + 1)
        for text, id_ in ids.items():
            vocabulary[id_] = text
        added = self._tokenizer.get_added_tokens_decoder().items()
        special = {id_ for id_, token in added if token.special}
        if (unknown := getattr(self._tokenizer.model, "unk_token", None)) in ids:
            special.add(ids[unknown])
        self._words = WordTokens(vocabulary, sorted(special))

    def of(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the words of each text, in their order."""
        cut = [read_text(text[: self._most * _CHARACTERS_PER_TOKEN]) for text in texts]
        read = [text.lower() for text in cut] if self._lower else cut
        return [self._words.words(found.ids) for found in self._tokenizer.encode_batch_fast(read)]

    def of_labels(self, labels: Sequence[Label], collection: Sequence[Document]) -> LabelWords:
        """Return the words of labels. A label's name and each synonym is a form of it.

        Args:
            collection: documents that tell how rare a word is.
        """
        names = [(label.text, *label.synonyms) for label in labels]
        forms = self.of([name for of_label in names for name in of_label])
        rest = iter(forms)
        of_labels = [list(islice(rest, len(of_label))) for of_label in names]
        known = [*self.of([document.text for document in collection]), *forms]
        return LabelWords(of_labels, word_importance(known, len(self._words)))
