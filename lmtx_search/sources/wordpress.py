"""WordPress exports (WXR): RSS feeds of all posts of a site, published or not."""

from __future__ import annotations

from typing import Any

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
