"""Keeps a random sample of texts that pass by, however many there are."""

from __future__ import annotations

import random

MOST_TEXTS = 500
"""Texts from which a language is told."""


class TextSample:
    """At most :data:`MOST_TEXTS` of the texts that were added. Each has the same chance.

    Files are often sorted, by language too, so that the first texts would not do.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._added = 0
        self._random = random.Random(0)

    def add(self, text: str) -> None:
        """Keep the text, perhaps in place of an earlier one."""
        self._added += 1
        if len(self.texts) < MOST_TEXTS:
            self.texts.append(text)
        elif (place := self._random.randrange(self._added)) < MOST_TEXTS:
            self.texts[place] = text
