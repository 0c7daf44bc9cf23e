"""The yes that is enough for a document before it is known how the judge answers."""

from __future__ import annotations

import math

from lmtx_search.training.settings import TrainingSettings


def first_yes(settings: TrainingSettings) -> float:
    """Return the P(yes) from which an answer ends a document in the order until-first-yes."""
    if settings.yes_above is not None:
        # Answers are compared with "at least"; this is the least number above.
        return math.nextafter(settings.yes_above, math.inf)
    return 0.5
