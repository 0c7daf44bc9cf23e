"""Special tokens that a text contains literally are blanks."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer

from lmtx_search.encoder.special_tokens import SpecialTokens

TOKENS = ["<s>", "</s>", "[SEP]", "<|end|>", "<s><s>"]
TEXTS = {
    "A text ends with </s>.": "A text ends with  .",
    "a[SEP]b<|end|>": "a b ",
    "<s><s>": " ",
    "<<s>s>": "< s>",
    "<S> a < b [sep]": "<S> a < b [sep]",
    "": "",
}


@pytest.mark.parametrize("text", TEXTS)
def test_each_is_a_blank(text: str) -> None:
    assert SpecialTokens(TOKENS).blanked(text) == TEXTS[text]


@pytest.mark.parametrize("text", TEXTS)
def test_the_tokenizers_library_replaces_what_python_replaces(text: str) -> None:
    steps = {"type": "Sequence", "normalizers": SpecialTokens(TOKENS).replacements()}
    model = {"type": "WordLevel", "vocab": {"x": 0}, "unk_token": "x"}
    content = {"version": "1.0", "added_tokens": [], "normalizer": steps, "model": model}
    normalizer = Tokenizer.from_str(json.dumps(content)).normalizer
    assert normalizer.normalize_str(text) == TEXTS[text]


def test_a_tokenizer_without_special_tokens_changes_nothing() -> None:
    none = SpecialTokens([])
    assert (none.blanked("a </s>"), none.replacements()) == ("a </s>", [])
