"""The languages that are asked for of a thesaurus."""

from __future__ import annotations


def split_languages(language: str) -> list[str]:
    """Return the languages of ``de,en`` in lower case; one empty name if there is none."""
    return [part for part in map(str.strip, language.lower().split(",")) if part] or [""]
