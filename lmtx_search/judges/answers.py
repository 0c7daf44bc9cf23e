"""Reads P(yes) from the first token of an answer."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from lmtx_search.errors import UserError

# If yes and no together have less probability than this, the answer is neither.
LEAST_MASS = 0.05
# The start of thoughts: <think>, <thinking>, <thought>, <reasoning>, <seed:think>, [THINK],
# <|START_THINKING|>, and <|channel|>, with which gpt-oss starts every answer.
_THOUGHTS = re.compile(
    r"\s*[<\[][|｜]?(?:start_|begin_of_|seed:)?(?:think|thought|reason|channel\b)", re.IGNORECASE
)


def p_yes(candidates: Iterable[tuple[str, float]], least_mass: float = LEAST_MASS) -> float | None:
    """Return yes / (yes + no) over the candidates of the first token, in any case and spacing.

    Args:
        candidates: (token, natural log-probability).
        least_mass: the least probability of yes and no together.

    Returns:
        P(yes) in [0, 1], or None if the answer is neither yes nor no.
    """
    mass = {"yes": 0.0, "no": 0.0}
    for token, log_probability in candidates:
        word = token.strip().strip(".,!*\"'").lower()
        if word in mass:
            mass[word] += math.exp(log_probability)
    total = mass["yes"] + mass["no"]
    if total <= 0 or total < least_mass:
        return None
    return mass["yes"] / total


def p_yes_of_text(text: str) -> float | None:
    """Return 1 or 0 for an answer in words (None: neither yes nor no)."""
    words = text.strip().lower().split()
    first = words[0].strip(".,!*\"'") if words else ""
    return {"yes": 1.0, "no": 0.0}.get(first)


def most_likely(candidates: Iterable[tuple[str, float]]) -> str:
    """Return the token with the highest log-probability (empty without candidates)."""
    return max(candidates, key=lambda candidate: candidate[1], default=("", 0.0))[0]


class FirstTokens:
    """Refuses a model that thinks before it answers.

    The model is refused only as long as it has never said yes or no. After that, a thought costs
    one answer and does not end a long run.

    Args:
        judge: name of the model.
        setting: where the user chooses another model.
    """

    def __init__(self, judge: str, setting: str) -> None:
        self._judge = judge
        self._setting = setting
        self._answered = False

    def check(self, token: str, p_yes: float | None) -> float | None:
        """Return ``p_yes`` of an answer that starts with ``token``.

        Raises:
            UserError: the model thinks before it answers.
        """
        thinks = _THOUGHTS.match(token)
        if thinks and not self._answered:
            raise UserError(
                f"{self._judge} thinks before it answers (its first token is {token.strip()}), so "
                "P(yes) cannot be read: choose a model without thinking, such as an instruct model "
                f"({self._setting})"
            )
        self._answered = self._answered or (p_yes is not None and not thinks)
        return p_yes
