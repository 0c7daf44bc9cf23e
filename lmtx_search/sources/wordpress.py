"""WordPress exports (WXR): RSS feeds of all posts of a site, published or not."""

from __future__ import annotations

import re
from typing import Any

# A shortcode with attributes, one that another one closes, or one without a content.
_SHORTCODE = re.compile(
    r"(?<!\[)\[(?:(?P<open>[a-z][\w-]*)(?:\s+[\w-]+\s*=[^\[\]]*)?/?|/(?P<close>[a-z][\w-]*))\](?!\])"
)
_ALONE = ("gallery", "playlist")
_PUBLISHED_TYPES = ("post", "page")
# WordPress's name of a status → its name for users.
_STATES = {
    "draft": "drafts",
    "auto-draft": "drafts",
    "pending": "posts that are waiting for review",
    "future": "scheduled posts",
    "private": "private posts",
    "trash": "trashed posts",
}


def is_wordpress(entry: Any) -> bool:
    """Return whether an entry of feedparser comes from a WordPress export."""
    return bool(entry.get("wp_post_type"))


def unpublished(entry: Any) -> str:
    """Return the reason why visitors of the site cannot see the entry ("": they can).

    Visitors see published posts and pages. They do not see attachments, revisions, menus and other
    types as texts, or posts with a password.
    """
    kind, state = entry.get("wp_post_type"), entry.get("wp_status") or "publish"
    if kind not in _PUBLISHED_TYPES:
        return f"items of the type {kind}"
    if state != "publish":
        return _STATES.get(state, f"posts with the status {state}")
    return "password-protected posts" if entry.get("wp_post_password") else ""


def without_shortcodes(text: str) -> str:
    """Return a post without the shortcodes of WordPress; the text between them stays.

    >>> without_shortcodes('[caption id="x"]A cat[/caption] [sic] [gallery]')
    'A cat [sic] '
    """
    closed = {found["close"] for found in _SHORTCODE.finditer(text) if found["close"]}

    def kept(found: re.Match[str]) -> str:
        name = found["open"]
        marks = name is None or name in closed or name in _ALONE or "=" in found[0]
        return "" if marks else found[0]

    return _SHORTCODE.sub(kept, text)
