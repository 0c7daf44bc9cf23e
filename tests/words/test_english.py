"""Running texts in English are told from others."""

from __future__ import annotations

import pytest

from lmtx_search.words.english import is_english

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
}


def test_english_texts_are_english() -> None:
    assert is_english([ENGLISH] * 5) is True


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_texts_in_other_languages_are_not(text: str) -> None:
    assert is_english([text] * 5) is False


def test_of_a_few_words_nothing_is_known() -> None:
    assert is_english([ENGLISH]) is None
