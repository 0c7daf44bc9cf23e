"""What the encoder reads of a label."""

from __future__ import annotations

from lmtx_search.records import Label

# Counted up when what becomes of a label's texts changes: embeddings of another form are another's.
PASSAGE_FORM = 3


def label_passage(label: Label) -> str:
    """Return the text that stands for the label: its name and its synonyms.

    The description is for people: with it in the passage the untrained encoder
    finds fewer right labels on three of four sets (P@1 45.2 instead of 47.5 on Debian's topical
    tags, 53.2 instead of 58.2 on US bills, 32.6 instead of 42.4 on arXiv, 7.1 instead of 6.1 on EU
    acts; 800 training documents each, bench/label_text.py): it then matches how a label is
    explained, not what it is.
    """
    return ", ".join(part for text in (label.text, *label.synonyms) if (part := text.strip()))


def passages_digest(encoder_digest: str, label_tokens: int) -> str:
    """Return what decides a label's embedding beside the label, as the label index notes it.

    Args:
        encoder_digest: SHA-256 (hex) of the encoder; the result starts with it.
        label_tokens: how many tokens of a label it reads.
    """
    return f"{encoder_digest}-{PASSAGE_FORM}-{label_tokens}"


def passage_tokens(digest: str) -> int:
    """Return the tokens of a label that an encoder read, from :func:`passages_digest`."""
    return int(digest.rsplit("-", 1)[1])
