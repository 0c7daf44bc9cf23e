"""English words that end like a plural and are none."""

NO_PLURALS = frozenset({"arms", "customs", "goods", "mars", "news"})
"""Without their s they would be other words."""
