"""What the encoder reads of a label."""

from __future__ import annotations

from lmtx_search.records import Label


def label_passage(label: Label) -> str:
    """Return the text that stands for the label: its name first, then what explains it."""
    parts = [label.text.strip(), ", ".join(label.synonyms), label.description.strip()]
    return ". ".join(part.rstrip(".") for part in parts if part)
