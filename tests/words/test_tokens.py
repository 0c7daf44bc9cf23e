"""Which tokens are words, and which of them are the same word."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.words.tokens import WordTokens, singular
from tests.support.tiny_encoder import WORDS, make_tiny_encoder


def words_among(
    vocabulary: list[str], special: list[int] | None = None, bytewise: bool = False
) -> list[str]:
    tokens = WordTokens(vocabulary, special or [], bytewise)
    return [vocabulary[id_] for id_ in tokens.words(range(len(vocabulary)))]


def test_word_pieces_are_words_and_punctuation_is_none() -> None:
    vocabulary = ["[CLS]", "chess", "##mate", ",", "##!", "##'", "7", "##s"]
    assert words_among(vocabulary, [0]) == ["chess", "##mate", "7", "##s"]


def test_signs_that_tell_names_apart_are_words() -> None:
    assert words_among(["c", "+", "#", "-", "▁++", "(+)"]) == ["c", "+", "#", "▁++"]


def test_a_mark_of_a_words_beginning_is_no_word_itself() -> None:
    assert words_among(["▁", "▁chess", "▁(", "mate"]) == ["▁chess", "mate"]
    vocabulary = ["Ġ", "Ġchess", "Ġ(", "mate", "Ċ"]
    assert words_among(vocabulary, bytewise=True) == ["Ġchess", "mate"]


def test_tokens_of_bytes_are_words_by_the_text_that_they_stand_for() -> None:
    # "é", the first two bytes of "棋", and "€", each with one character for each byte.
    assert words_among(["Ġa", "Ã©", "æ£", "âĤ¬"], bytewise=True) == ["Ġa", "Ã©", "æ£"]


def test_a_plural_is_the_word_of_its_singular_if_the_vocabulary_has_it() -> None:
    vocabulary = ["airport", "airports", "buses", "▁policy", "▁policies", "Ġbox", "Ġboxes"]
    found = words_among(vocabulary)
    assert found == ["airport", "airport", "buses", "▁policy", "▁policy", "Ġbox", "Ġbox"]


def test_a_capital_letter_makes_no_other_word_where_the_vocabulary_has_both() -> None:
    vocabulary = ["▁chess", "▁Chess", "▁Airports", "▁airport", "▁IBM", "ĠGames", "ĠGame"]
    assert words_among(vocabulary) == [
        *("▁chess", "▁chess", "▁airport", "▁airport", "▁IBM", "ĠGame", "ĠGame"),
    ]


@pytest.mark.parametrize(
    "word", ["bus", "gas", "glass", "analysis", "##s", "7s", "围棋", "a's", "news", "▁Customs"]
)
def test_what_is_no_regular_plural_stays(word: str) -> None:
    assert singular(word) == word


def test_words_of_scripts_without_spaces_are_their_tokens() -> None:
    assert words_among(["围", "棋", "。", "、", "จ", "か"]) == ["围", "棋", "จ", "か"]


def test_a_piece_without_a_mark_is_the_marked_one_only_where_a_word_begins() -> None:
    vocabulary = ["▁port", "port", "▁trans", "(", "Port", "##port", "ports"]
    tokens = WordTokens(vocabulary)
    assert tokens.words([1]).tolist() == tokens.words([0]).tolist()
    assert tokens.words([2, 3, 1]).tolist() == tokens.words([2, 3, 0]).tolist() == [2, 0]
    assert tokens.words([4]).tolist() == tokens.words([6]).tolist() == [0]
    assert tokens.words([2, 1]).tolist() == [2, 1]
    assert tokens.words([5]).tolist() == [5]


def test_a_piece_of_a_script_without_blanks_is_the_marked_one_everywhere() -> None:
    assert words_among(["▁国際", "日本", "国際"]) == ["▁国際", "日本", "▁国際"]


def test_an_encoder_says_what_its_tokens_are(tmp_path) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    assert encoder.vocabulary() == WORDS
    assert encoder.special_tokens() == [WORDS.index("[UNK]")]
    tokens = encoder.word_tokens()
    (read,) = encoder.tokens(["Plays ☃ mail, and."])
    assert [WORDS[id_] for id_ in tokens.words(read)] == ["plays", "ma", "##il", "and"]
    assert encoder.text_of(tokens.words(read)) == "plays mail and"


def read_with(folder: Path, tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the words of a text, as an encoder with this tokenizer reads them."""
    encoder_folder = make_tiny_encoder(folder / "form")
    tokenizer.save(str(encoder_folder / TOKENIZER_FILE))
    encoder = OnnxEncoder(encoder_folder, 8)
    (read,) = encoder.tokens([text])
    vocabulary = encoder.vocabulary()
    return [vocabulary[id_] for id_ in encoder.word_tokens().words(read)]


def test_a_maltese_letter_in_the_vocabulary_hides_no_words_of_other_scripts(tmp_path: Path) -> None:
    pieces = ["<unk>", "▁", "Ġ", "▁торговля", "国", "際", "。"]
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    assert read_with(tmp_path, tokenizer, "торговля 国際。") == ["▁торговля", "国", "際"]


def test_a_tokenizer_that_reads_bytes_has_words_of_all_scripts(tmp_path: Path) -> None:
    letters = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = Tokenizer(models.BPE({letter: id_ for id_, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    assert read_with(tmp_path, tokenizer, "a, é") == ["a", "Ã", "©"]


def test_an_encoder_reads_the_tokens_of_all_windows(tmp_path) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    text = "chess " * 8 + "web " * 8 + "a"
    chess, web = WORDS.index("chess"), WORDS.index("web")
    assert encoder.tokens([text, ""]) == [[chess] * 8, []]
    assert encoder.tokens([text], windows=2) == [[chess] * 8 + [web] * 8]
    assert encoder.tokens([text], windows=3) == [[chess] * 8 + [web] * 8 + [WORDS.index("a")]]


def test_no_word_ends_where_a_window_ends(tmp_path: Path) -> None:
    pieces = ["<s>", "</s>", "<unk>", "▁", "▁hand", "ball", "▁ball", "▁a"]
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer.add_special_tokens(["<s>", "</s>"])
    folder = make_tiny_encoder(tmp_path / "form")
    tokenizer.save(str(folder / TOKENIZER_FILE))
    encoder = OnnxEncoder(folder, 8)
    text = "a a a a a handball a"
    vocabulary = encoder.vocabulary()
    (alone,) = encoder.tokens([text], windows=2)
    (read,) = encoder.tokenise_with_words([text], 1, 2)
    assert read.words == alone
    words = encoder.word_tokens().words(alone)
    assert [vocabulary[id_] for id_ in words] == ["▁a"] * 5 + ["▁hand", "ball", "▁a"]
