"""The names of the facts that a tagger tells about labels, beside scores (``rule_facts.py``)."""

from __future__ import annotations

RULE = "\ue052"
"""Before a fact. After it come a letter for its kind and up to two names, separated by RULE."""

MOST_TAGS, MOST_SUGGESTED, MOST_OF_BRANCH = "t", "s", "b"
"""Limits. The number is the limit itself; that of other facts means nothing, but is positive."""

REVIEW_FIRST = "r"
"""No label becomes a tag by itself."""

PEOPLE_ONLY, EXCLUDES, IMPLIES, BELOW, OF_GROUP = "p", "x", "i", "u", "g"
"""A label is for people only; two exclude each other; the first one implies the second one; the
second one is directly below the first one; the second one is for the group with the first name."""

ABOVE = "a"
"""The first label is directly above the second one (``broader.py``)."""


def fact(kind: str, *names: str) -> str:
    """Return the name of a fact."""
    return f"{RULE}{kind}{RULE.join(names)}"
