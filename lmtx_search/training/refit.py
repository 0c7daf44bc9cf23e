"""Fits what answers decide about a tagger anew, without training the encoder.

The answers of people and of the judge that were stored since the run move the offsets of labels.
The threshold and the calibration follow, because they depend on the scores. Documents that the run
held out of training choose the threshold, so answers about them are not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.score_threshold import RANKED, ChosenThreshold, choose_threshold
from lmtx_search.encoder.windows import Windows
from lmtx_search.progress import Progress
from lmtx_search.records import Label
from lmtx_search.training.known_answers import KnownAnswers
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.scorer import LabelScorer
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.targets.judge_calibration import calibrate
from lmtx_search.training.targets.label_offsets import offsets_by_id
from lmtx_search.words.weights import WordScoring


@dataclass(frozen=True)
class Fitted:
    """What was fitted.

    Attributes:
        offsets: of labels, by id.
        threshold: None keeps the threshold, because no document is left to choose it by.
        calibration: None keeps the calibration.
        answers: number of answers that it was fitted to.
    """

    offsets: Mapping[str, float]
    threshold: ChosenThreshold | None
    calibration: Calibration | None
    answers: int


def refit(
    known: KnownAnswers,
    encoder: OnnxEncoder,
    labels: Sequence[Label],
    vectors: NDArray[np.float32],
    windows: Windows,
    words: WordScoring,
    progress: Progress,
) -> Fitted:
    """Fit the offsets of labels, the threshold and the calibration to the known answers.

    Args:
        encoder: reads documents.
        vectors: float32[labels, dimension], of the labels.
        words: how words count beside the encoder. Their offsets are replaced.
    """
    right = known.answers.right()
    documents = [document for document in known.documents if document.id in right]
    plain = LabelScorer(encoder, labels, vectors, windows, replace(words, offsets={}))
    with progress.stage("Score answered documents", len(documents), "documents") as advance:
        scored = plain.scores(documents, {id_: list(right[id_]) for id_ in right}, advance)
    offsets = offsets_by_id(scored, known.answers)
    run = known.run
    calibration = None
    if run is not None and run.judge and run.calibrated:
        evidence = _evidence(known.answers, run)
        calibration = fit_calibration(
            [
                (label, score + offsets[label], evidence[document][label])
                for document, label, score in scored
            ]
        )
    threshold = None
    if len(known.held_out) > 1:
        named = words.named if run is None else run.named
        scorer = LabelScorer(encoder, labels, vectors, windows, replace(words, offsets=offsets))
        with progress.stage("Choose the threshold", len(known.held_out), "documents") as advance:
            ranked = scorer.rank(known.held_out, RANKED if run is None else run.ranked, advance)
        threshold = choose_threshold(list(ranked.values()), named)
    return Fitted(offsets, threshold, calibration, len(scored))


def _evidence(answers: Answers, run: RunAnswers) -> dict[str, dict[str, float]]:
    """Return how likely the label of each answered pair is right, as the run computed it."""
    found = calibrate(answers.judge, run.nearness, run.sure_share)
    for document, of_labels in answers.people.items():
        found.setdefault(document, {}).update(of_labels)
    return found
