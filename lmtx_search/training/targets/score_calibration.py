"""Calibrates the trained encoder's scores on the evidence for its training documents."""

from __future__ import annotations

from collections.abc import Sequence

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.records import Document, PYes
from lmtx_search.training.trained_encoder import TrainedEncoder

# Judged documents that are embedded again for it: a few thousand pairs, which take seconds.
_DOCUMENTS = 300


def score_calibration(
    trained: TrainedEncoder, documents: Sequence[Document], evidence: PYes
) -> Calibration | None:
    """Return the P(yes) that a score corresponds to (None: too few pairs are known).

    The encoder was trained on these documents, so it is surer of their labels than of those of
    other documents. Held-out documents cannot replace them: the judge is asked about only one or
    two pairs of each, and calibrating its answers needs complete shortlists
    (:func:`lmtx_search.training.targets.judge_calibration.calibrate`).

    Args:
        documents: the training documents.
        evidence: how likely the label of each judged pair is right.
    """
    judged = [document for document in documents if evidence.get(document.id)][:_DOCUMENTS]
    labels = {document.id: sorted(evidence[document.id]) for document in judged}
    return fit_calibration(
        [
            (label, score, evidence[document][label])
            for document, label, score in trained.scores(judged, labels)
        ]
    )
