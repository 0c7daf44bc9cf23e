"""The texts of Jira: documents of its editor (Atlassian Document Format), and wiki markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from itertools import groupby
from typing import Any

# Attributes that hold the displayed text, by the type of the node.
_SHOWN = {
    "mention": ("text",),
    "emoji": ("text", "shortName"),
    "status": ("text",),
    "inlineCard": ("url",),
    "blockCard": ("url",),
    "embedCard": ("url",),
}
# Blocks with a displayed title.
_TITLED = ("expand", "nestedExpand")
# Marks of blocks with their parameters, and text in a fixed-width font, where braces are text.
_MARKS = re.compile(
    r"\{\{[^\n]*?\}\}|\{(?P<kind>code|noformat|quote|panel|color)(?P<with>:[^}\n]*)?\}"
)
_HEADINGS = re.compile(r"^(?:h[1-6]|bq)\.[ \t]+", re.MULTILINE)
_LINK = re.compile(r"\[([^|\[\]\n]+)\|(?:https?|mailto):[^\[\]\n]*\]")
_IN_LINE = {"text", "hardBreak", "date", "mention", "emoji", "status", "inlineCard"}


def editor_text(node: Mapping[str, Any]) -> str:
    """Return the text of a node, each block on a line of its own.

    A word may consist of several text nodes, so nodes within a line are joined as they are.
    Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
    """
    kind = node.get("type")
    if kind == "text":
        return str(node.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    if kind == "date":
        return _date((node.get("attrs") or {}).get("timestamp"))
    if kind in _SHOWN:
        attributes = node.get("attrs") or {}
        values = (attributes.get(name) for name in _SHOWN[kind])
        return str(next(filter(None, values), ""))
    children = [child for child in node.get("content") or [] if isinstance(child, Mapping)]
    lines = [
        "".join(map(editor_text, run)).strip() if in_line else "\n".join(map(editor_text, run))
        for in_line, run in groupby(children, lambda child: child.get("type") in _IN_LINE)
    ]
    if kind in _TITLED:
        lines.insert(0, str((node.get("attrs") or {}).get("title") or "").strip())
    return "\n".join(filter(None, "\n".join(lines).split("\n")))


def _date(timestamp: object) -> str:
    """Return the ISO date of milliseconds since 1970, or "" if there is none."""
    try:
        seconds = int(str(timestamp)) / 1000
        return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def wiki_text(text: str) -> str:
    """Return a text without the common marks of wiki markup, as Jira Server has it.

    >>> wiki_text("h2. Login\\n{code:java}x{code} [page|https://example.org]")
    'Login\\nx page'
    """
    return _LINK.sub(r"\1", _HEADINGS.sub("", _without_pairs(text)))


def _without_pairs(text: str) -> str:
    """Return a text without marks of blocks that come in pairs; a single one is text."""
    begun: dict[str, re.Match[str]] = {}
    pairs: list[tuple[int, int]] = []
    for found in _MARKS.finditer(text):
        kind = found["kind"]
        if kind and kind in begun and not found["with"]:
            pairs += [begun.pop(kind).span(), found.span()]
        elif kind:
            begun[kind] = found
    kept, end = [], 0
    for start, stop in sorted(pairs):
        kept.append(text[end:start])
        end = stop
    return "".join([*kept, text[end:]])
