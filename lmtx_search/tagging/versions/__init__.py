"""Tagger versions as folders: their files, labels and changes."""
