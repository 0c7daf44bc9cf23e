import json

import pytest
from tokenizers import Tokenizer

from lmtx_search.encoder.read_text import read_text, replacements


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plays chess,\n\tand go.\r\n",
        "Bibliothek für Zahlen — 数学, 😀 👩\u200d🔬",
        "می\u200cخواهم",
        "a\u00a0b\u2028c\u2060d\ufeff",
        "Ver\u00adfahren",
    ],
)
def test_an_ordinary_text_stays_as_it_is(text):
    assert read_text(text) == text


def test_the_tokenizers_library_replaces_what_python_replaces():
    normalizer = Tokenizer.from_str(_tokenizer()).normalizer
    for start in range(0, 0x110000, 0x1000):
        codes = [code for code in range(start, start + 0x1000) if not 0xD800 <= code <= 0xDFFF]
        text = "x".join(map(chr, codes))
        assert normalizer.normalize_str(text) == read_text(text)
    for text in ("a\u00ad\nb", "a\u00ad \r\n\t b", "a\u00ad b"):
        assert normalizer.normalize_str(text) == read_text(text)


def _tokenizer() -> str:
    steps = {"type": "Sequence", "normalizers": replacements()}
    model = {"type": "WordLevel", "vocab": {"x": 0}, "unk_token": "x"}
    return json.dumps({"version": "1.0", "added_tokens": [], "normalizer": steps, "model": model})
