"""Tokenises only as much of a long text as an encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Characters that are tokenised first, for each token that is read: two or three words.
_CHARACTERS_PER_TOKEN = 12
# Tokens that must follow those that are read. Where a text is cut, its last tokens may be others.
_SPARE = 16


def encode_beginnings(
    tokenizer: Any, texts: Sequence[str], windows: int, tokens: int, offsets: bool = False
) -> list[Any]:
    """Return the encodings of texts, of which the first ``windows`` windows are exact.

    The tokens of a window do not depend on words far behind it. So it is enough to tokenise a part
    of a long text that is certain to contain all windows. Texts that are not in ASCII are tokenised
    as a whole, because they may have no blank to cut them at.

    Args:
        tokenizer: truncates to windows of ``tokens`` tokens.
        offsets: whether encodings tell where their tokens are, which takes longer.
    """
    encode = tokenizer.encode_batch if offsets else tokenizer.encode_batch_fast
    most = windows * tokens * _CHARACTERS_PER_TOKEN
    beginnings = [_beginning(text, most) for text in texts]
    found: list[Any] = encode(beginnings)
    rest = [
        row
        for row, (text, part) in enumerate(zip(texts, beginnings, strict=True))
        if len(part) < len(text) and not _is_enough(found[row], windows)
    ]
    if rest:
        again = encode([texts[row] for row in rest])
        for row, encoding in zip(rest, again, strict=True):
            found[row] = encoding
    return found


def _beginning(text: str, most: int) -> str:
    """Return the text up to a blank before ``most`` characters, or all of it."""
    if len(text) <= most or not text.isascii():
        return text
    blank = text.rfind(" ", most // 2, most)
    return text if blank < 0 else text[:blank]


def _is_enough(encoding: Any, windows: int) -> bool:
    # Special tokens are in every window, so they are counted separately.
    behind = encoding.overflowing[windows - 1 :]
    tokens: int = sum(window.special_tokens_mask.count(0) for window in behind)
    return tokens >= _SPARE
