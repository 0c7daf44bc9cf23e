"""Running texts in English are told from others, text by text."""

from __future__ import annotations

import pytest

from lmtx_search.words.english import not_in_english, share_not_english

ENGLISH = (
    "The library of the town lends books and journals to its readers, and everybody can read them "
    "at home for four weeks."
)
OTHERS = {
    "German": "Die Bücherei der Stadt verleiht Bücher und Zeitschriften an ihre Leser, und alle "
    "können sie vier Wochen lang zu Hause lesen.",
    "Dutch": "De bibliotheek van de stad leent boeken en tijdschriften uit aan haar lezers, en "
    "iedereen kan ze vier weken in huis hebben.",
    "Spanish": "La biblioteca de la ciudad presta libros y revistas a sus lectores, y todos pueden "
    "leerlos en casa durante cuatro semanas.",
    "Italian": "La biblioteca della città presta libri e riviste ai lettori, e a tutti è permesso "
    "di leggerli in casa per quattro settimane.",
    "Russian": "Городская библиотека выдаёт книги и журналы читателям, и каждый может читать их "
    "дома в течение четырёх недель.",
    "Japanese": "市の図書館は本や雑誌を読者に貸し出しています。",
}
GERMAN = OTHERS["German"]


def test_english_texts_are_english() -> None:
    assert share_not_english([ENGLISH] * 5) == 0


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_texts_in_other_languages_are_not(text: str) -> None:
    assert share_not_english([text] * 5) == 1


@pytest.mark.parametrize(("english", "german"), [(5, 5), (2, 8), (9, 1), (100, 100)])
def test_of_texts_in_two_languages_each_is_counted(english: int, german: int) -> None:
    share = share_not_english([*[ENGLISH] * english, *[GERMAN] * german])
    assert share == pytest.approx(german / (english + german))


def test_short_texts_are_looked_at_together() -> None:
    assert share_not_english(["The town lends books."] * 20) == 0
    assert share_not_english(["Die Stadt verleiht Bücher."] * 20) == 1


def test_of_a_few_words_nothing_is_known() -> None:
    assert share_not_english([ENGLISH]) is None
    assert share_not_english([]) is None


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (None, ""),
        (0.1, ""),
        (0.5, "about 50 % of the documents are probably not in English"),
        (1.0, "the documents are probably not in English"),
    ],
)
def test_a_share_of_a_fifth_is_said(share: float | None, told: str) -> None:
    assert not_in_english(share, "documents") == told
