"""How much a word, and a pair of words that follow each other, says about a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from lmtx_search.words.tokens import Tokens

COMMON = 0.05
"""The importance of a common word. It counts for next to nothing, but a document without it does
not have all words of a name. A form that has only such words has no evidence."""

PAIRS_FILE = "word_pairs.npz"
"""Beside the encoder of a training run, and in a version: the importance of pairs of words."""

# With fewer documents, no word is known to be common.
_FEW = 20

# A pair that only one document has is not kept: it is as rare as one that none has.
_LEAST_DOCUMENTS = 2


@dataclass(frozen=True, slots=True)
class PairImportance:
    """The importance of pairs of words that follow each other in a text.

    Attributes:
        keys: int64[P] in rising order, the pairs as :func:`pair_keys` writes them.
        values: float32[P].
        of_others: of a pair that is not among them.
    """

    keys: NDArray[np.int64]
    values: NDArray[np.float32]
    of_others: float

    def of(self, keys: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the importance of pairs: float32[n] of int64[n]."""
        place, found = places(self.keys, keys)
        values = np.full(len(keys), self.of_others, dtype=np.float32)
        values[found] = self.values[place[found]]
        return values


@dataclass(frozen=True, slots=True)
class WordImportance:
    """The importance of words and of pairs of words.

    Attributes:
        words: float32[vocabulary], of each token.
        pairs: None: pairs do not count.
    """

    words: NDArray[np.float32]
    pairs: PairImportance | None = None

    def of_pairs(self, keys: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the importance of pairs: float32[n] of int64[n] (0 if pairs do not count).

        A pair with a common word says no more than its words: nearly nothing if both are common.
        """
        if self.pairs is None:
            return np.zeros(len(keys), dtype=np.float32)
        of_pairs = self.pairs.of(keys)
        first, second = (self.words[at] for at in np.divmod(keys, len(self.words)))
        common = np.minimum(first, second) <= np.float32(COMMON)
        return np.where(common, np.minimum(of_pairs, first + second), of_pairs)


def pair_keys(words: Tokens, vocabulary: int) -> NDArray[np.int64]:
    """Return each word with the next one as one number: int64[n - 1] of int64[n]."""
    return np.asarray(words[:-1] * np.int64(vocabulary) + words[1:], dtype=np.int64)


def places(
    known: NDArray[np.int64], keys: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the place of each key among known ones in rising order, and whether it is there."""
    if not len(known):
        return np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return place, np.asarray(known[place] == keys)


def word_importance(documents: Sequence[Tokens], vocabulary: int) -> WordImportance:
    """Return the inverse document frequency of words and pairs in documents.

    It is at least 1, and :data:`COMMON` for a word that more than half of the documents have, if
    these are at least 20. Such a word says nothing about one of them: a label with the name "IT"
    would be named by every document that has the word "it".
    """
    seen, found = _frequencies(documents, vocabulary)
    if len(documents) >= _FEW:
        found.words[2 * seen > len(documents)] = COMMON
    return found


def importance_of_words(
    documents: Sequence[Tokens], names: Sequence[Sequence[Tokens]], vocabulary: int
) -> WordImportance:
    """Return how much words and pairs count.

    It is :func:`word_importance`. Without documents, it is the inverse document frequency in names
    instead, at least 1.

    Args:
        names: the forms of each label.
    """
    if documents:
        return word_importance(documents, vocabulary)
    return _frequencies([form for forms in names for form in forms], vocabulary)[1]


def _frequencies(
    texts: Sequence[Tokens], vocabulary: int
) -> tuple[NDArray[np.int64], WordImportance]:
    """Return the number of texts that have each word, and the importance that follows."""
    seen = np.zeros(vocabulary, dtype=np.int64)
    for words in texts:
        seen[np.unique(words)] += 1
    keys, counts = _counted(np.unique(pair_keys(words, vocabulary)) for words in texts)
    pairs = PairImportance(
        keys, _inverse(counts, len(texts)), float(_inverse(np.zeros(1), len(texts))[0])
    )
    return seen, WordImportance(_inverse(seen, len(texts)), pairs)


def _counted(
    texts: Iterable[NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of several texts in rising order, and the number of texts of each."""
    keys, counts = np.unique(
        np.concatenate([np.empty(0, dtype=np.int64), *texts]), return_counts=True
    )
    kept = counts >= _LEAST_DOCUMENTS
    return keys[kept], counts[kept]


def _inverse(seen: NDArray[np.int64] | NDArray[np.float64], texts: int) -> NDArray[np.float32]:
    return np.asarray(np.log((texts + 1) / (seen + 1)) + 1, dtype=np.float32)


def write_pairs(folder: Path, pairs: PairImportance | None) -> None:
    """Write the importance of pairs into a folder. None: pairs do not count; nothing is written."""
    if pairs is not None:
        np.savez(
            folder / PAIRS_FILE,
            keys=pairs.keys,
            values=pairs.values,
            of_others=np.float32(pairs.of_others),
        )


def read_pairs(folder: Path) -> PairImportance:
    """Return the importance of pairs in a folder.

    Raises:
        OSError, ValueError: the file is missing or damaged.
    """
    try:
        with np.load(folder / PAIRS_FILE, allow_pickle=False) as found:
            keys, values = found["keys"].astype(np.int64), found["values"].astype(np.float32)
            of_others = float(found["of_others"])
    except (BadZipFile, KeyError) as error:
        raise ValueError(error) from error
    if keys.shape != values.shape or keys.ndim != 1 or (np.diff(keys) <= 0).any():
        raise ValueError("its pairs are not in order")
    return PairImportance(keys, values, of_others)
