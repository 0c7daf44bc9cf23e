"""How much words count beside an encoder, by a judge's answers.

What words are worth depends on the labels: names like "import licence" occur where they belong, and
names like "machine learning" rarely do. Answers about a few hundred pairs show it. A judge with few
parameters says yes to what is written literally, so what its answers say of that is divided by how
much it overrates it. What people say counts as it is. Documents are compared with themselves only:
the answers are those of a shortlist, whose labels the judge sees with the same prejudice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lmtx_search.records import Document
from lmtx_search.training.scorer import ComparedPair
from lmtx_search.training.targets.answers import Answers
from lmtx_search.words.weights import WordWeights

OVERRATED = WordWeights(similarity=1.0, share=2.5, complete=2.5)
"""How many times as much each kind of evidence counts in a judge's answers as in gold tags
(docs/quality.md)."""

LARGEST = WordWeights(similarity=3.0, share=0.2, complete=0.2)
"""The largest weights that answers can choose, unless those without answers are larger."""

# What an answer's log-odds gain with the cosine, before there are answers: mean and variance.
_SLOPE, _OF_SLOPE = 5.0, 5.0
# Variance of what each kind of evidence deserves by a judge, from what it deserves by default.
_OF_WORDS = np.array([10.0, 1.0, 1.0])


class Comparing(Protocol):
    """Compares documents with labels (:meth:`~lmtx_search.training.scorer.LabelScorer.compare`)."""

    def compare(  # noqa: D102
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[ComparedPair]: ...


def fit_word_weights(
    scorer: Comparing, documents: Sequence[Document], answers: Answers, default: WordWeights
) -> WordWeights:
    """Return the weights of words that answers suggest beside an encoder.

    Args:
        default: the weights without answers, which few answers hardly change.
    """
    right, people = answers.right(), answers.people
    asked = [document for document in documents if document.id in right]
    pairs = scorer.compare(asked, {document.id: list(right[document.id]) for document in asked})
    place = {document.id: number for number, document in enumerate(asked)}
    return word_weights(
        [place[pair.document] for pair in pairs],
        [(pair.cosine, *pair.evidence) for pair in pairs],
        [right[pair.document][pair.label] for pair in pairs],
        [pair.label in people.get(pair.document, {}) for pair in pairs],
        default,
    )


def word_weights(
    documents: Sequence[int],
    features: ArrayLike,
    right: Sequence[float],
    by_people: Sequence[bool],
    default: WordWeights,
) -> WordWeights:
    """Return the weights of words that answers about n pairs suggest.

    A logistic regression with an intercept of each document, and slopes of cosine and evidence.

    Args:
        documents: the document of each pair, from 0 on.
        features: float[n, 4]: cosine of the encoder, then similarity, share and completeness.
        right: how likely each pair is right by its answer, in [0, 1].
        by_people: whether a person gave the answer.
        default: the weights without answers.

    Returns:
        From 0 to :data:`LARGEST` or ``default``, whichever is larger; ``default`` without answers.
    """
    # Imported here, because only training needs it.
    from scipy.optimize import minimize

    if not len(documents):
        return default
    of, y, x = np.asarray(documents), np.asarray(right), np.array(features, dtype=np.float64)
    overrated, expected = _values(OVERRATED), _values(default)
    x[:, 1:] *= np.where(np.asarray(by_people)[:, None], 1.0, overrated)
    variance = _OF_WORDS / overrated**2

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slopes, common, intercepts = weights[:4], weights[4], weights[5:]
        odds = x @ slopes + common + intercepts[of]
        wrong = 1 / (1 + np.exp(-odds)) - y
        off, far = slopes[0] - _SLOPE, slopes[1:] - expected * slopes[0]
        value = (np.logaddexp(0, odds) - y * odds).sum() + (intercepts**2).sum() / 2
        value += off**2 / (2 * _OF_SLOPE) + (far**2 / (2 * variance)).sum()
        of_slopes = x.T @ wrong
        of_slopes[0] += off / _OF_SLOPE - (expected * far / variance).sum()
        of_slopes[1:] += far / variance
        of_intercepts = np.bincount(of, wrong, len(intercepts)) + intercepts
        return float(value), np.concatenate([of_slopes, [wrong.sum()], of_intercepts])

    start = np.zeros(5 + int(of.max()) + 1)
    start[0], start[1:4] = _SLOPE, expected * _SLOPE
    bounds = [(1e-3, None), *[(0, None)] * 3, *[(None, None)] * (len(start) - 4)]
    slope, *of_words = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:4]
    largest = np.maximum(_values(LARGEST), expected)
    found = np.clip(of_words / slope, 0, largest).round(4)
    return WordWeights(*map(float, found))


def _values(weights: WordWeights) -> NDArray[np.float64]:
    return np.array([weights.similarity, weights.share, weights.complete])
