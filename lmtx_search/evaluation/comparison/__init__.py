"""A comparison: the same documents for all comparators, their results, and its record."""
