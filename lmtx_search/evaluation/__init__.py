"""Measures how good a tagger is, with uncertainty, and compares it with other systems."""
