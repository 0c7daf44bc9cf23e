"""Evaluation without gold tags: a judge or a person checks a sample."""
