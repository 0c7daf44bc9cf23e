"""The languages that are asked for of a thesaurus."""

from __future__ import annotations


def split_languages(language: str) -> list[str]:
    """Return the languages of ``de,en_GB`` as ``de`` and ``en-gb``; one empty name if none."""
    tags = language.lower().replace("_", "-").split(",")
    return [part for part in map(str.strip, tags) if part] or [""]
