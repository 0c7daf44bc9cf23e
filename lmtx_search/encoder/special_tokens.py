"""Special tokens that a text contains literally, such as ``</s>`` on a page about tokenizers.

A tokenizer would read them as its own marks: as the end of the text, say. In the cluster's form the
encoder's prompt would also be read again behind each of them. They are blanks wherever texts are
prepared for reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class SpecialTokens:
    """The special tokens of a tokenizer.

    Args:
        contents: how they are written.
    """

    def __init__(self, contents: Iterable[str]) -> None:
        longest_first = sorted(filter(None, contents), key=lambda one: (-len(one), one))
        self._pattern = "|".join(map(re.escape, longest_first))
        self._compiled = re.compile(self._pattern)
        self._starts = {content[0] for content in longest_first}

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> SpecialTokens:
        """Return those of a tokenizer."""
        added = tokenizer.get_added_tokens_decoder().values()
        return cls(token.content for token in added if token.special)

    def are_in(self, text: str) -> bool:
        """Tell whether a text contains one of them."""
        # Few texts contain even the first character of one.
        return any(start in text for start in self._starts) and bool(self._compiled.search(text))

    def blanked(self, text: str) -> str:
        """Return a text with a blank in place of each of them."""
        return self._compiled.sub(" ", text) if self.are_in(text) else text

    def replacements(self) -> list[dict[str, Any]]:
        """Return the same as steps of a normaliser, in the JSON of the tokenizers library."""
        if not self._pattern:
            return []
        return [{"type": "Replace", "pattern": {"Regex": self._pattern}, "content": " "}]
