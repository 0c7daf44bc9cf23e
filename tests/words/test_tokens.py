"""Which tokens are words, and which of them are the same word."""

from __future__ import annotations

import pytest

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.words.tokens import WordTokens, singular
from tests.support.tiny_encoder import WORDS, make_tiny_encoder


def words_among(vocabulary: list[str], special: list[int] | None = None) -> list[str]:
    tokens = WordTokens(vocabulary, special or [])
    return [vocabulary[id_] for id_ in tokens.words(range(len(vocabulary)))]


def test_word_pieces_are_words_and_punctuation_is_none() -> None:
    vocabulary = ["[CLS]", "chess", "##mate", ",", "##!", "##'", "7", "##s"]
    assert words_among(vocabulary, [0]) == ["chess", "##mate", "7", "##s"]


def test_a_mark_of_a_words_beginning_is_no_word_itself() -> None:
    assert words_among(["▁", "▁chess", "▁(", "mate"]) == ["▁chess", "mate"]
    assert words_among(["Ġ", "Ġchess", "Ġ(", "mate", "Ċ"]) == ["Ġchess", "mate"]


def test_tokens_of_bytes_are_words_by_the_text_that_they_stand_for() -> None:
    # "é", the first two bytes of "棋", and "€", each with one character for each byte.
    assert words_among(["Ġa", "Ã©", "æ£", "âĤ¬"]) == ["Ġa", "Ã©", "æ£"]


def test_a_plural_is_the_word_of_its_singular_if_the_vocabulary_has_it() -> None:
    vocabulary = ["airport", "airports", "buses", "▁policy", "▁policies", "Ġbox", "Ġboxes"]
    found = words_among(vocabulary)
    assert found == ["airport", "airport", "buses", "▁policy", "▁policy", "Ġbox", "Ġbox"]


@pytest.mark.parametrize("word", ["bus", "gas", "glass", "analysis", "##s", "7s", "围棋", "a's"])
def test_what_is_no_regular_plural_stays(word: str) -> None:
    assert singular(word) == word


def test_words_of_scripts_without_spaces_are_their_tokens() -> None:
    assert words_among(["围", "棋", "。", "、", "จ", "か"]) == ["围", "棋", "จ", "か"]


def test_an_encoder_says_what_its_tokens_are(tmp_path) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    assert encoder.vocabulary() == WORDS
    assert encoder.special_tokens() == [WORDS.index("[UNK]")]
    tokens = WordTokens(encoder.vocabulary(), encoder.special_tokens())
    (read,) = encoder.tokens(["Plays ☃ mail, and."])
    assert [WORDS[id_] for id_ in tokens.words(read)] == ["plays", "ma", "##il", "and"]
    assert encoder.text_of(tokens.words(read)) == "plays mail and"


def test_an_encoder_reads_the_tokens_of_all_windows(tmp_path) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    text = "chess " * 8 + "web " * 8 + "a"
    chess, web = WORDS.index("chess"), WORDS.index("web")
    assert encoder.tokens([text, ""]) == [[chess] * 8, []]
    assert encoder.tokens([text], windows=3) == [[chess] * 8 + [web] * 8]
