"""What the trained encoder's scores are worth, by what is known of its training documents."""

from __future__ import annotations

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.training.materials import Materials, Trained
from lmtx_search.training.targets.judge_calibration import Answers

# Judged documents that are embedded once more for it: some thousand pairs, and seconds.
_DOCUMENTS = 300


def score_calibration(
    trained: Trained, materials: Materials, evidence: Answers
) -> Calibration | None:
    """Return the P(yes) that a score corresponds to; None where too little is known.

    The encoder was trained on these documents and is surer of their labels than of others'.
    Held-out documents cannot serve instead: the judge is asked about a pair or two of each, and how
    its answers are to be read follows from whole shortlists
    (:func:`training.calibration.calibrate`).

    Args:
        evidence: how likely each judged pair's label is right.
    """
    documents = [document for document in materials.training if evidence.get(document.id)]
    documents = documents[:_DOCUMENTS]
    labels = {document.id: sorted(evidence[document.id]) for document in documents}
    return fit_calibration(
        [
            (label, score, evidence[document][label])
            for document, label, score in trained.scores(documents, labels)
        ]
    )
