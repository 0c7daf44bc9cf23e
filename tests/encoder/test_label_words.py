"""A label's name is found in a text, whatever marks the tokenizer puts at words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.encoder.label_words import label_words
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import Label
from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.importance import word_importance
from tests.support.tiny_encoder import make_tiny_encoder

# Texts that teach the tokenizers whole words, also behind a bracket and first in a text.
_TAUGHT = ["chess and port", "We play chess (chess) in port", "Chess"] * 30
_LABELS = [
    Label("chess", "Chess"),
    Label("astronomy", "", "", ("astronomy tables",)),
    Label("port", "port"),
]


def trained(kind: str) -> Tokenizer:
    """Return a tokenizer whose vocabulary has "chess" and "port", but not "astronomy"."""
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        train(
            tokenizer,
            trainers.WordPieceTrainer(special_tokens=["[UNK]"]),
            [*_TAUGHT, "abcdefghijklmnopqrstuvwxyz"],
        )
    elif kind == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        train(tokenizer, trainers.BpeTrainer(initial_alphabet=alphabet, min_frequency=2))
    else:
        letters = [*"abcdefghijklmnopqrstuvwxyz▁()"]
        words = ["▁chess", "chess", "▁port", "port", "▁trans", "▁We", "▁play"]
        pieces = [
            ("<unk>", 0.0),
            *((one, -9.0) for one in letters),
            *((one, -2.0) for one in words),
        ]
        tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
        tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
        )
    return tokenizer


def train(tokenizer: Tokenizer, trainer: object, texts: Iterable[str] = _TAUGHT) -> None:
    tokenizer.train_from_iterator(texts, trainer)


@pytest.mark.parametrize("kind", ["wordpiece", "bytes", "unigram"])
def test_a_name_is_found_wherever_it_stands_in_a_text(tmp_path: Path, kind: str) -> None:
    folder = make_tiny_encoder(tmp_path / "form")
    trained(kind).save(str(folder / TOKENIZER_FILE))
    encoder = OnnxEncoder(folder, 64)
    tokens = encoder.word_tokens()

    def named(text: str) -> list[str]:
        (read,) = encoder.tokens([text])
        words = tokens.words(read)
        importance = word_importance([words], len(tokens))
        found = LabelWords(label_words(encoder, tokens, _LABELS), importance).named(words)
        return [_LABELS[row].id for row in found]

    assert named("chess") == ["chess"]
    assert named("We play chess") == ["chess"]
    assert named("(chess) in") == ["chess"]
    assert named("We play (chess)") == ["chess"]
    assert named("We play\nchess") == ["chess"]
    assert named("We play astronomy tables") == ["astronomy"]
    assert named("astronomy tables") == ["astronomy"]
    assert "port" in named("We play in port")
    assert "port" not in named("We transport chess")
