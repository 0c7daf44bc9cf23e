"""Measures of rankings and tags, with confidence intervals and tests."""
