"""Whether encoder and judge were made for the languages of labels and documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lmtx_search.encoder.chosen import find_chosen_encoder
from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.encoder.language_fit import ADVICE as OTHER_ENCODER
from lmtx_search.encoder.language_fit import MOST_TEXTS, language_problem
from lmtx_search.errors import LmtxError
from lmtx_search.judges.language_fit import ADVICE as OTHER_JUDGE
from lmtx_search.judges.language_fit import judge_language_problem, judge_name
from lmtx_search.settings import EncoderSettings, Settings
from lmtx_search.words.english import is_english

_ENGLISH = EncoderSettings().name
_NOT_ENGLISH = (
    f"the documents are probably not in English, and the encoder {_ENGLISH} was made for English"
)


def language_problems(
    encoder: Path | None, judge: str, labels: Sequence[str], documents: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield what does not fit, each with what to do about it: at most one of encoder and judge.

    Args:
        encoder: its folder (None: not on this machine yet, so that nothing is known about it).
        judge: name of its model.
        labels, documents: their texts, of which the first ones are looked at.
    """
    if encoder is not None:
        found = (
            language_problem(encoder / TOKENIZER_FILE, texts[:MOST_TEXTS], what)
            for what, texts in (("labels", labels), ("documents", documents))
        )
        if problem := next(filter(None, found), ""):
            yield problem, OTHER_ENCODER
    if problem := judge_language_problem(judge, documents[:MOST_TEXTS]):
        yield problem, OTHER_JUDGE


def language_notes(
    settings: Settings, labels: Sequence[str] = (), documents: Sequence[str] = ()
) -> list[str]:
    """Return :func:`language_problems` for the encoder and the judge of the settings, as notes.

    An encoder that cannot be used is no reason for a note here: what needs it says so.
    """
    try:
        encoder = find_chosen_encoder(settings)
    except LmtxError:
        encoder = None
    found = list(language_problems(encoder, judge_name(settings), labels, documents))
    if encoder is None and settings.encoder.name == _ENGLISH and is_english(documents) is False:
        found.insert(0, (_NOT_ENGLISH, OTHER_ENCODER))
    return [as_note(problem, advice) for problem, advice in found]


def as_note(problem: str, advice: str) -> str:
    """Return a problem and what to do about it as one sentence."""
    return f"{problem[0].upper()}{problem[1:]}: {advice}"
