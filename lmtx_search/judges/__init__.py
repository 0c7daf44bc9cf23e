"""Judges: who says whether a label is right for a document."""
