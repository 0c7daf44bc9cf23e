"""Measures and the rankings they are taken on."""
