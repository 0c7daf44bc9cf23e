"""The probabilities from which labels are applied and suggested, as settings write them."""

from __future__ import annotations

LabelBand = tuple[float, float | None]
"""The two probabilities of a label (None: the second one is the general one)."""


def label_band(text: str) -> tuple[str, LabelBand]:
    """Return a label's id and its probabilities, from ``ID=APPLY`` or ``ID=APPLY/SUGGEST``.

    Raises:
        ValueError: the text has another form.

    >>> label_band("cs.AI=0.9"), label_band("chess = 0.8/0.2")
    (('cs.AI', (0.9, None)), ('chess', (0.8, 0.2)))
    """
    id_, _, numbers = text.rpartition("=")
    first, slash, second = numbers.partition("/")
    try:
        applied, suggested = float(first), float(second) if slash else None
    except ValueError:
        applied, suggested = 0.0, None
    if not id_.strip() or not 0 < (applied if suggested is None else suggested) <= applied <= 1:
        raise ValueError(
            f"{text!r} is not ID=APPLY or ID=APPLY/SUGGEST with probabilities above 0, at most 1, "
            "the second one not above the first"
        )
    return id_.strip(), (applied, suggested)
