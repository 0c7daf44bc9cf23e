"""Tagging documents again that are already in an index."""
