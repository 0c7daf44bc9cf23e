"""The time that documents may teach without the judge, as it is written on the command line."""

from __future__ import annotations

from lmtx_search.errors import UserError
from lmtx_search.judges.budget import seconds_of


def parse_learning_budget(text: str) -> float:
    """Return the seconds of ``10m``, ``90s`` or ``1h``.

    Raises:
        UserError: the text is none of these, or zero.
    """
    seconds = seconds_of(text)
    if not seconds:
        raise UserError(
            f"the learning budget {text!r} is not a time such as 10m, 90s or 1h; to learn from "
            "judged documents only: `train --unjudged-documents 0`"
        )
    return seconds
