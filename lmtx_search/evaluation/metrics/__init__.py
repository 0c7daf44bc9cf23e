"""Measures of rankings and of assigned tags, with intervals and tests."""
