"""Telling terms: the words that some texts have in common and others lack."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
from tokenizers import Regex, pre_tokenizers

from lmtx_search.errors import MissingExtra
from lmtx_search.words.names import is_without_blanks, words

# A word that a larger share of all documents has tells nothing.
_COMMON = 0.3
# As many terms are looked through for each one that is returned.
_MORE = 4
# Characters of a term that is joined from pieces.
_LONGEST = 20
# Letters, marks (vowel signs among them), digits and underscores.
_RUNS = pre_tokenizers.Split(Regex(r"[\p{L}\p{M}\p{N}_]+"), "removed", invert=True)


def telling_terms(
    texts: Sequence[str], groups: Sequence[Sequence[int]], most: int = 5
) -> list[list[str]]:
    """Return for each group the words and pairs of words that its texts have and others lack.

    In scripts that are written without blanks, a term is a sequence of characters.

    Args:
        groups: rows of texts.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
    except ImportError as error:
        raise MissingExtra("evaluation", "finding themes") from error
    pieces: set[str] = set()
    vectorizer = TfidfVectorizer(
        analyzer=lambda text: list(_terms(text, ENGLISH_STOP_WORDS, pieces)),
        min_df=2,
        max_df=_COMMON,
        sublinear_tf=True,
    )
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # no word is in two documents
        return [[] for _ in groups]
    names = vectorizer.get_feature_names_out()
    everywhere = np.asarray(weights.mean(axis=0)).ravel()
    found = []
    for rows in groups:
        inside = weights[list(rows)]
        telling = np.asarray(inside.mean(axis=0)).ravel() - everywhere
        # A term of a single document says what that document is about.
        telling[np.asarray((inside > 0).sum(axis=0)).ravel() < 2] = 0
        best = [str(names[at]) for at in np.argsort(-telling, kind="stable") if telling[at] > 0]
        whole = _whole(best[: _MORE * most], pieces, [_normal(texts[row]) for row in rows])
        found.append(_distinct(whole)[:most])
    return found


def _normal(text: str) -> str:
    # A soft hyphen stands inside of a word.
    return unicodedata.normalize("NFKC", text.replace("\u00ad", "")).lower()


def _terms(text: str, stop_words: Collection[str], pieces: set[str]) -> Iterator[str]:
    """Yield the words of a text as they are written, pairs of them, and pieces of words.

    Words of scripts that are written without blanks are not known, only their pieces.

    Args:
        stop_words: words that are left out. Those around one are a pair.
        pieces: gets the pieces of this text.
    """
    before = None
    for run, _ in _RUNS.pre_tokenize_str(_normal(text)):
        found = words(run)
        if len(found) > 1 and is_without_blanks(run):
            some = [one for one in found if len(one) > 1 and not _is_mark(one[0])]
            pieces.update(some)
            yield from some
            before = None
        elif len(run) > 1 and run not in stop_words:
            yield run
            if before is not None:
                yield f"{before} {run}"
            before = run


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _whole(terms: Sequence[str], pieces: Collection[str], texts: Sequence[str]) -> list[str]:
    """Return terms in which overlapping pieces are joined, without pieces of an earlier term.

    Pieces are joined as long as half of the texts with the first piece, and two, have the result.
    """

    def texts_with(term: str) -> int:
        return sum(term in text for text in texts)

    others = [term for term in terms if term in pieces]
    joined: list[str] = []
    found: list[str] = []
    for term in terms:
        if term in pieces and any(term in whole for whole in joined):
            continue
        whole = term
        if term in pieces:
            least = max(2.0, texts_with(term) / 2)
            while len(whole) < _LONGEST:
                longer = (one for one in _longer(whole, others) if texts_with(one) >= least)
                whole, before = next(longer, whole), whole
                if whole == before:
                    break
            joined.append(whole)
        found.append(whole)
    return found


def _longer(term: str, pieces: Iterable[str]) -> Iterator[str]:
    """Yield a term with one more character, for each piece that overlaps one of its ends."""
    for piece in pieces:
        if term.endswith(piece[:-1]):
            yield term + piece[-1]
        if term.startswith(piece[1:]):
            yield piece[0] + term


def _distinct(terms: Sequence[str]) -> list[str]:
    """Return terms without single words that a pair of words among the first ones has."""
    # Words that follow themselves say no more than one of them.
    terms = [term for term in terms if len(set(term.split())) == len(term.split())]
    pairs = [term for term in terms if " " in term]
    in_pairs = {word for pair in pairs[:3] for word in pair.split()}
    return [term for term in terms if term not in in_pairs]
