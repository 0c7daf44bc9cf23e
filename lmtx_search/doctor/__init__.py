"""Checks everything that the product needs, without changing anything."""
