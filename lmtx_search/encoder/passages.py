"""The text that the encoder reads of a label."""

from __future__ import annotations

from lmtx_search.records import Label, content_digest

# Increased when passages change, so that older embeddings are not mixed with new ones.
PASSAGE_FORM = 3


def label_passage(label: Label) -> str:
    """Return the text that stands for the label: its name and its synonyms.

    The description is for people. With it the untrained encoder matches the explanation of a label
    rather than the label, and finds fewer right labels on three of four data sets (P@1 45.2 instead
    of 47.5 on Debian's topical tags, 53.2 instead of 58.2 on US bills, 32.6 instead of 42.4 on
    arXiv, 7.1 instead of 6.1 on EU acts; 800 training documents each, bench/label_text.py).
    """
    return ", ".join(part for text in (label.text, *label.synonyms) if (part := text.strip()))


def passages_digest(encoder_digest: str, label_tokens: int, label_prompt: str) -> str:
    """Return a digest of how labels are embedded, as the label index stores it.

    Args:
        encoder_digest: SHA-256 (hex) of the encoder. The result starts with it.
        label_tokens: tokens that it reads of a label.
        label_prompt: what it reads before a label. The digest of the encoder covers its files, and
            releases may read another prompt from the same files.
    """
    prompt = f"-{content_digest(label_prompt)[:16]}" if label_prompt else ""
    return f"{encoder_digest}-{PASSAGE_FORM}{prompt}-{label_tokens}"


def passage_tokens(digest: str) -> int:
    """Return ``label_tokens`` from the result of :func:`passages_digest`."""
    return int(digest.rsplit("-", 1)[1])
