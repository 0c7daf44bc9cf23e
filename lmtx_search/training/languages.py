"""Whether encoder and judge were made for the languages of labels and documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lmtx_search.encoder.chosen import find_chosen_encoder
from lmtx_search.encoder.language_fit import (
    DOCUMENTS,
    LABELS,
    Fit,
    encoder_problem,
    find_tokenizer,
    made_for_english,
    other_encoder,
    tokenizer_fit,
)
from lmtx_search.errors import LmtxError
from lmtx_search.judges.language_fit import ADVICE as OTHER_JUDGE
from lmtx_search.judges.language_fit import judge_language_problem, judge_name
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.words.english import not_in_english, texts_not_english
from lmtx_search.words.text_sample import TextSample


def language_problems(
    settings: Settings,
    encoder: Path | None,
    judge: str,
    labels: Sequence[str],
    documents: Sequence[str],
) -> Iterator[tuple[str, str]]:
    """Yield what does not fit, each with what to do about it: at most one of encoder and judge.

    Args:
        encoder: its folder (None: not on this machine yet).
        judge: name of its model.
        labels, documents: random samples of their texts.
    """
    name = settings.encoder.name
    others, decided = texts_not_english(documents)
    not_english = not_in_english(len(others) / decided if decided else None, DOCUMENTS)
    tokenizer = encoder and find_tokenizer(encoder, settings.cache_dir)
    fits: dict[str, Fit] = {}
    split: Fit | None = None
    if tokenizer is not None:
        fits = {
            LABELS: tokenizer_fit(tokenizer, labels),
            DOCUMENTS: tokenizer_fit(tokenizer, documents),
        }
        split = tokenizer_fit(tokenizer, others)
        if made_for_english(encoder, name) and not split.splits:
            # Lists of parts or keywords in English: they have no frequent words.
            not_english = ""
    if problem := encoder_problem(encoder, fits, name, not_english, split):
        yield problem, other_encoder(name, any(fit.multilingual for fit in fits.values()))
    # Names have no frequent words, and only a tokenizer for English tells their language.
    of_labels = fits.get(LABELS)
    if not not_english and of_labels and of_labels.english and of_labels.problem():
        not_english = not_in_english(1.0, LABELS)
    if problem := judge_language_problem(judge, not_english):
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
    found = language_problems(settings, encoder, judge_name(settings), labels, documents)
    return [as_note(problem, advice) for problem, advice in found]


def note_languages(
    settings: Settings,
    encoder: Path,
    judge: str,
    labels: Iterable[Label],
    documents: Iterable[Document],
    progress: Progress,
) -> None:
    """Say what :func:`language_problems` finds about the inputs of a run."""
    names, texts = TextSample(), TextSample()
    for label in labels:
        names.add(label.text)
    for document in documents:
        texts.add(document.text)
    for found in language_problems(settings, encoder, judge, names.texts, texts.texts):
        progress.note(as_note(*found))


def as_note(problem: str, advice: str) -> str:
    """Return a problem and what to do about it as one sentence."""
    return f"{problem[0].upper()}{problem[1:]}: {advice}"
