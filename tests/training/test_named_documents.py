"""Documents that name a label: which they are, and what remains of them without the name."""

from __future__ import annotations

import pytest

from lmtx_search.records import Document, Label
from lmtx_search.training.named_documents import NEAR, SPARED, find_named, without_name
from lmtx_search.words.names import words

CHESS = Label("c", "chess games", synonyms=("board game",))
SAILING = Label("s", "sailing")
IT = Label("i", "it")
LABELS = {label.id: label for label in (CHESS, SAILING, IT)}
FILLER = [Document(f"f{number}", f"it is report number {number}") for number in range(200)]


def found(text: str, *near: str) -> dict[str, frozenset[str]]:
    document = Document("d", text)
    rankings = {"d": [(label, 0.5) for label in near]}
    named = find_named([document, *FILLER], rankings, LABELS)
    return dict(named[0].names) if named else {}


def test_a_document_names_a_label_when_it_has_all_words_of_its_name() -> None:
    assert found("A game of chess, played at sea", "c", "s") == {"c": frozenset({"chess", "game"})}
    assert found("Chess alone", "c") == {}


def test_a_synonym_is_a_name() -> None:
    assert found("Board games for children", "c") == {"c": frozenset({"board", "game"})}


def test_a_label_that_is_not_near_is_not_named() -> None:
    assert found("Sailing at sea", "c") == {}


def test_a_name_of_common_words_says_nothing() -> None:
    assert found("it is sailing", "i", "s") == {"s": frozenset({"sailing"})}


def test_named_labels_and_the_nearest_ones_are_never_negative() -> None:
    others = [f"l{number}" for number in range(NEAR - 1)]
    labels = LABELS | {id_: Label(id_, id_) for id_ in others}
    rankings = {"d": [(label, 0.5) for label in (*others, "s")]}
    (named,) = find_named([Document("d", "sailing"), *FILLER], rankings, labels)
    assert named.never_negative == {*others[:SPARED], "s"}


def test_a_name_is_taken_out_in_all_its_forms() -> None:
    text = "Chess: two Games, one chess game; checkers"
    assert without_name(text, frozenset({"chess", "game"})) == "two , one ; checkers"


@pytest.mark.parametrize(
    ("name", "text", "rest"),
    [
        ("हिन्दी", "यह हिन्दी भाषा है", "यह भाषा है"),
        ("日本語", "これは日本語の文章です", "これはの文章です"),
        ("税", "所得税 (IT技術)", "所得 (IT技術)"),
        ("it", "所得税 (IT技術)", "所得税 (技術)"),
        ("ปี", "สวัสดีปีใหม่", "สวัสดีใหม่"),
        ("software", "new soft\u00adware", "new"),
        ("C", "C and C++", "and C++"),
    ],
)
def test_a_name_is_taken_out_in_all_scripts(name: str, text: str, rest: str) -> None:
    assert without_name(text, frozenset(words(name))) == rest
