"""Says from which scores a deployment applies and suggests labels, for people."""

from __future__ import annotations

from lmtx_search.encoder.bands import NEVER
from lmtx_search.settings import DocumentSettings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource


def assigned_from(source: EncoderSource, settings: DocumentSettings) -> str:
    """Return the scores from which a deployment with default options applies and suggests labels.

    A sentence without a full stop.
    """
    applied = source.applied_from(settings)
    own = f"; labels with scores of their own: {len(applied.own):,}" if applied.own else ""
    bands = source.bands(settings)
    if bands is None:
        return f"A label is applied if its score is {applied.general:.2f} or more{own}"
    suggested = (
        f"suggested if its score is {bands.suggest_at():.2f} or more "
        f"(probability {bands.suggest_from:.2f})"
    )
    if settings.review_first:
        return f"No label is applied (documents.review_first); a label is {suggested}{own}"
    if applied.general >= NEVER:
        return f"No label is applied (documents.apply_from); a label is {suggested}{own}"
    return (
        f"A label is applied if its score is {applied.general:.2f} or more (probability "
        f"{bands.apply_from:.2f}), and {suggested}{own}"
    )
