"""Judges decide whether a label is right for a document."""
