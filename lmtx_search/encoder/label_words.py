"""The names of labels as words, in the forms in which a text may contain them."""

from __future__ import annotations

from collections.abc import Sequence

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Label
from lmtx_search.words.tokens import Tokens, WordTokens


def label_words(
    encoder: OnnxEncoder, tokens: WordTokens, labels: Sequence[Label]
) -> list[list[Tokens]]:
    """Return for each label its forms: the name, then each synonym.

    A byte-level tokenizer may read the first word of a name as other pieces behind a blank than at
    the beginning of a text, a line or a quotation. Such a name has a form for either place.
    """
    names = [[label.text, *label.synonyms] for label in labels]
    flat = [name for of_label in names for name in of_label]
    read = [[form] for form in _words(encoder, tokens, flat)]
    if encoder.bytewise:
        behind_blank = _words(encoder, tokens, [f" {name}" for name in flat])
        for forms, other in zip(read, behind_blank, strict=True):
            if forms[0].tolist() != other.tolist():
                forms.append(other)
    rest = iter(read)
    return [[form for _ in of_label for form in next(rest)] for of_label in names]


def _words(encoder: OnnxEncoder, tokens: WordTokens, texts: Sequence[str]) -> list[Tokens]:
    return [tokens.words(ids) for ids in encoder.tokens(texts)]
