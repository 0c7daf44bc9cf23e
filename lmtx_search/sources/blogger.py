"""Exports of Blogger: Atom feeds of posts, pages, comments and settings, published or not."""

from __future__ import annotations

from typing import Any

KIND = "http://schemas.google.com/g/2005#kind"
"""The scheme of the category that tells what an entry is."""
_PUBLISHED_KINDS = ("post", "page")


def blogger_kind(entry: Any) -> str:
    """Return what an entry of feedparser is in Blogger ("": it is of another program)."""
    # Google Takeout writes elements of its own instead of a category.
    if kind := entry.get("blogger_type"):
        return str(kind).lower()
    kinds = (tag.get("term") or "" for tag in entry.get("tags", []) if tag.get("scheme") == KIND)
    return str(next(kinds, "")).rpartition("#")[2]


def unpublished_of_blogger(entry: Any) -> str:
    """Return the reason why an entry is not a post that visitors can read ("": it is)."""
    kind = blogger_kind(entry)
    if kind and kind not in _PUBLISHED_KINDS:
        return "settings" if kind == "settings" else f"items of the type {kind}"
    live = entry.get("blogger_status", "LIVE") == "LIVE" and entry.get("app_draft") != "yes"
    return "" if live or not kind else "drafts"
