"""What the encoder reads of a label."""

from __future__ import annotations

from lmtx_search.records import Label


def label_passage(label: Label) -> str:
    """Return the text that stands for the label: its name and its synonyms.

    The description is for the judge and for people: with it in the passage a frozen encoder finds
    fewer right labels (P@1 41.5 instead of 47.0 on Debian's topical tags, 33.5 instead of 43.0 on
    arXiv's categories), since it then matches how a label is explained.
    """
    return ", ".join(part for text in (label.text, *label.synonyms) if (part := text.strip()))
