"""Finds the training documents that name a label, and takes the name out of them.

A document that says "chess" is very likely about chess. With the word taken out, the rest of it
teaches the encoder what else speaks for the label. Weakly supervised text classification learns
from names of classes in the same way (Meng et al., "Text Classification Using Label Names Only",
EMNLP 2020).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lmtx_search.records import Document, Label
from lmtx_search.training.shortlist import Ranking
from lmtx_search.words.names import without_words, words_of_document, words_of_names

LEAST_WEIGHT = 5.0
"""Sum of the inverse document frequencies of a name's words. Names of common words say less."""

NEAR = 20
"""A named label counts if it is among this many labels nearest to the document."""

SPARED = 10
"""This many nearest labels are no negatives of a document: one of them may be right too."""

Name = frozenset[str]
"""The words of a label's text or of one of its synonyms."""


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A document and the labels that it names.

    Attributes:
        names: for each named label (by id) the words of the names that the document has.
        never_negative: ids of labels that may be right.
    """

    document: Document
    names: Mapping[str, frozenset[str]]
    never_negative: frozenset[str]


class NameWeights:
    """Weighs the words of names by how few documents have them.

    Args:
        texts: of the collection.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._having: Counter[str] = Counter()
        self._documents = 0
        for text in texts:
            self._having.update(set(words_of_document(text)))
            self._documents += 1

    def weight(self, name: Name) -> float:
        """Return the sum of the inverse document frequencies of a name's words."""
        return sum(1 + math.log((self._documents + 1) / (self._having[word] + 1)) for word in name)


def find_named(
    documents: Sequence[Document],
    rankings: Mapping[str, Ranking],
    labels: Mapping[str, Label],
) -> list[NamedDocument]:
    """Return the documents that name at least one of their nearest labels.

    Args:
        documents: with the text that the encoder reads of them.
        rankings: the :data:`NEAR` labels nearest to each document, by document id.
        labels: the label set by id.
    """
    weights = NameWeights(document.text for document in documents)
    names = {
        id_: [
            name
            for name in words_of_names((label.text, *label.synonyms))
            if weights.weight(name) >= LEAST_WEIGHT
        ]
        for id_, label in labels.items()
    }
    found = []
    for document in documents:
        own = frozenset(words_of_document(document.text))
        near = [id_ for id_, _ in rankings.get(document.id, ()) if id_ in labels]
        said = {
            id_: frozenset().union(*there)
            for id_ in near
            if (there := [name for name in names[id_] if name <= own])
        }
        if said:
            spared = frozenset(near[:SPARED]) | said.keys()
            found.append(NamedDocument(document, said, spared))
    return found


def without_names(text: str, labels: Iterable[Label]) -> str:
    """Return a text without those names of the labels that it has completely."""
    own = frozenset(words_of_document(text))
    there = [
        name
        for label in labels
        for name in words_of_names((label.text, *label.synonyms))
        if name <= own
    ]
    return without_name(text, frozenset().union(*there)) if there else text


def without_name(text: str, name: frozenset[str]) -> str:
    """Return a text without the words of a name.

    >>> without_name("Chess: two chess programs play.", frozenset({"chess"}))
    'two programs play.'
    """
    return " ".join(without_words(text, name).split()).lstrip(":;,.-– ")
