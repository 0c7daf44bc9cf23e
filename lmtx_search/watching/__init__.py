"""Watches whether tags stay as good as they were, by judging samples of tagged documents."""
