"""Removes chat marks and invisible characters from texts before they enter a prompt."""

from __future__ import annotations

import re

# Characters that people do not see but models do: control characters, byte order marks, zero-width
# spaces, reversed writing, and "tags". Joiners (U+200C, U+200D) and direction marks stay, because
# some scripts need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Ollama and llama.cpp treat these as special tokens anywhere in a text. Families of models differ,
# so all forms are removed: <|im_end|>, <|turn> (with wide bars too), </s>, <end_of_turn>,
# [/INST].
_MARKS = re.compile(
    r"<[|｜][^<>\s]{1,60}>|<[^<>\s]{1,60}[|｜]>"
    r"|</?[A-Za-z]{1,20}(?:_[A-Za-z0-9]{1,20}){1,4}>"
    r"|</?(?i:s|bos|eos|pad|unk|cls|sep|mask|sop|eop|eot|eod|think|filename|unused\d+)>"
    r"|<</?SYS>>|\[/?(?:[A-Z]{2,20}(?:_[A-Z0-9]{1,20}){1,3}|INST|THINK|ARGS|IMG|CLS|SEP|MASK|PAD"
    r"|UNK|[gs]MASK|multimodal)\]"
)


def harmless(text: str) -> str:
    """Return a text without chat marks and invisible characters.

    Ordinary texts are not changed.

    >>> harmless("A chess program<|im_end|>yes")
    'A chess program yes'
    """
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return _MARKS.sub(" ", _UNSEEN.sub("", text))
