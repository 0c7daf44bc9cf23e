"""How much words count beside an encoder, by a judge's answers.

What words are worth depends on the labels: names like "import licence" occur where they belong, and
names like "machine learning" rarely do. Answers about a few hundred pairs show it. A judge with few
parameters says yes to what is written literally, so what its answers say of words is divided by how
much it overrates them. Documents are compared with themselves only: the answers are those of a
shortlist, whose labels the judge sees with the same prejudice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.records import Document, PYes
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.targets.label_offsets import Scorer
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordScoring, WordWeights

OVERRATED = 2.5
"""How many times as much words count in a judge's answers as in gold tags (docs/quality.md)."""

SMALLEST, LARGEST = 0.25, 1.5
"""The factors that answers can choose."""

# What an answer's log-odds gain with the score, before there are answers: mean and variance.
_SLOPE, _OF_SLOPE = 5.0, 5.0
# Variance of what words deserve by the answers, from what they deserve by default.
_OF_WORDS = 10.0


def fit_word_weights(
    alone: Scorer,
    together: Scorer,
    documents: Sequence[Document],
    judge: PYes,
    words: WordScoring,
) -> WordWeights:
    """Return the weights of words that a judge's answers suggest beside an encoder.

    Args:
        alone: scores labels by the encoder.
        together: scores them by the encoder and words, without offsets of labels.
        judge: P(yes) by document id, then by label id.
        words: how words count in ``together``. Few answers hardly change their weights.
    """
    right = Answers(judge, {}).right()
    asked = [document for document in documents if document.id in right]
    labels = {document.id: list(right[document.id]) for document in asked}

    default = words.weights.similarity / DEFAULT_WEIGHTS.similarity
    by_encoder, by_both = (scorer.scores(asked, labels) for scorer in (alone, together))
    place = {document.id: number for number, document in enumerate(asked)}
    factor = word_factor(
        [place[document] for document, _, _ in by_encoder],
        [score for _, _, score in by_encoder],
        [
            (both - score) / default
            for (_, _, score), (_, _, both) in zip(by_encoder, by_both, strict=True)
        ],
        [right[document][label] for document, label, _ in by_encoder],
        default,
    )
    return DEFAULT_WEIGHTS.times(round(factor, 3))


def word_factor(
    documents: Sequence[int],
    scores: Sequence[float],
    evidence: Sequence[float],
    right: Sequence[float],
    default: float,
) -> float:
    """Return the factor of the word weights that a judge's answers about n pairs suggest.

    A logistic regression with an intercept of each document, and slopes of score and evidence.

    Args:
        documents: the document of each pair, from 0 on.
        scores: of the encoder alone.
        evidence: from words, with a factor of 1.
        right: how likely each pair is right by the judge, in [0, 1].
        default: the factor without answers, which few answers hardly change.

    Returns:
        In [:data:`SMALLEST`, :data:`LARGEST`], or ``default`` without answers.
    """
    # Imported here, because only training needs it.
    from scipy.optimize import minimize

    if not len(scores):
        return default
    of, y = np.asarray(documents), np.asarray(right)
    x = np.stack([scores, evidence], axis=1)
    expected = OVERRATED * default

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope, of_words, common = weights[:3]
        intercepts = weights[3:]
        odds = x @ weights[:2] + common + intercepts[of]
        wrong = 1 / (1 + np.exp(-odds)) - y
        off, far = slope - _SLOPE, of_words - expected * slope
        value = (np.logaddexp(0, odds) - y * odds).sum() + (intercepts**2).sum() / 2
        value += off**2 / (2 * _OF_SLOPE) + far**2 / (2 * _OF_WORDS)
        of_slopes = x.T @ wrong
        of_slopes += [off / _OF_SLOPE - expected * far / _OF_WORDS, far / _OF_WORDS]
        of_intercepts = np.bincount(of, wrong, len(intercepts)) + intercepts
        return float(value), np.concatenate([of_slopes, [wrong.sum()], of_intercepts])

    start = np.zeros(3 + int(of.max()) + 1)
    start[:2] = _SLOPE, expected * _SLOPE
    bounds = [(1e-3, None), (0, None), *[(None, None)] * (len(start) - 2)]
    slope, of_words, *_ = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(np.clip(of_words / slope / OVERRATED, SMALLEST, LARGEST))
