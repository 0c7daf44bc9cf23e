"""Values in BibTeX as they are written: in braces, in quotes, joined by ``#``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.entities import html5
from itertools import pairwise

_BARE = re.compile(r'[^\s#{}",=]+')
_STRUCTURE = re.compile(r'\\.|[{}"]', re.DOTALL)
# What a backslash precedes, and entities of HTML, are no separators.
_KEYWORD_MARKS = re.compile(r"\\?&(?:#\d+|#[xX][0-9a-fA-F]+|(\w+));|\\.|[{};,]", re.DOTALL)
# Behind a backslash, "&" is a character of the text, unless an export has escaped these of XML.
_OF_XML = {"amp", "apos", "gt", "lt", "quot"}
_SEPARATOR = re.compile(r"\s+and\s+")


def joined_value(raw: str, strings: Mapping[str, str]) -> str | None:
    """Return the text of a value; None if it is several, for instance if a comma is missing.

    Args:
        raw: the text after the equals sign.
        strings: the values of the file's ``@string`` entries, by their names in lower case.

    >>> joined_value('"A " # tug # {boat}', {"tug": "tug"})
    'A tugboat'
    >>> joined_value("{A} year = {2001}", {}) is None
    True
    """
    if not any(character in raw for character in '{}"#'):
        return strings.get(raw.strip().lower(), raw.strip())
    parts, at = [], 0
    while True:
        at += len(raw[at:]) - len(raw[at:].lstrip())
        end = _end_of(raw, at)
        if end is None:
            return None
        part = raw[at:end]
        is_bare = raw[at] not in '{"'
        parts.append(strings.get(part.lower(), part) if is_bare else part[1:-1])
        rest = raw[end:].lstrip()
        if not rest:
            return "".join(parts)
        if not rest.startswith("#"):
            return None
        at = len(raw) - len(rest) + 1


def names_of(value: str) -> list[str]:
    """Return the names in a field of persons; ``and`` inside braces is part of a name.

    >>> names_of("Doe, John and {Barnes and Noble}")
    ['Doe, John', '{Barnes and Noble}']
    """
    names, start = [], 0
    for found in _SEPARATOR.finditer(value):
        before = value[: found.start()]
        if before.count("{") == before.count("}"):
            names.append(value[start : found.start()])
            start = found.end()
    return [*names, value[start:]]


def keywords_of(value: str) -> list[str]:
    """Return the keywords of a field, separated by ``;`` if there is one, otherwise by commas.

    What stands in braces is not separated. Braces around a whole list are those of an exporter that
    writes them around each value; its separator is ``;``.

    >>> keywords_of("Commerce, electronic; Learning")
    ['Commerce, electronic', 'Learning']
    >>> keywords_of("{Mice, Inbred C57BL}, Humans")
    ['{Mice, Inbred C57BL}', 'Humans']
    """
    value = value.strip()
    is_whole = value.startswith("{") and _end_of(value, 0) == len(value)
    if is_whole:
        value = value[1:-1]
    marks, depth = list[tuple[str, int]](), 0
    for found in _KEYWORD_MARKS.finditer(value):
        mark = found[0] if found[1] is None or _is_entity(found) else ";"
        depth += (mark == "{") - (mark == "}")
        if depth == 0 and mark in ";,":
            marks.append((mark, found.end() - 1))
    used = ";" if is_whole or any(mark == ";" for mark, _ in marks) else ","
    places = [-1, *(place for mark, place in marks if mark == used), len(value)]
    parts = (value[start + 1 : end].strip() for start, end in pairwise(places))
    return [part for part in parts if part]


def _is_entity(found: re.Match[str]) -> bool:
    """Return whether a match with a name between "&" and ";" is an entity of HTML."""
    return found[1] in _OF_XML if found[0].startswith("\\") else f"{found[1]};" in html5


def _end_of(raw: str, at: int) -> int | None:
    """Return the end of the part that begins at a position; None if no part begins there."""
    if at == len(raw):
        return None
    if raw[at] not in '{"':
        bare = _BARE.match(raw, at)
        return bare.end() if bare else None
    depth = 0
    # A character after a backslash belongs to LaTeX.
    for found in _STRUCTURE.finditer(raw, at):
        character = found[0]
        depth += (character == "{") - (character == "}")
        closes = character == "}" if raw[at] == "{" else character == '"' and found.start() > at
        if depth == 0 and closes:
            return found.end()
    return None
