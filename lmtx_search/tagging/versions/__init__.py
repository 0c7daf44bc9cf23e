"""Tagger versions as folders, with their labels and later changes."""
