"""WordPress exports (WXR): RSS feeds of everything that a site holds, published or not."""

from __future__ import annotations

from typing import Any

_PUBLISHED_TYPES = ("post", "page")
# What WordPress calls a state, and what its users call it.
_STATES = {
    "draft": "drafts",
    "auto-draft": "drafts",
    "pending": "posts that wait for review",
    "future": "scheduled posts",
    "private": "private posts",
    "trash": "trashed posts",
}


def is_wordpress(entry: Any) -> bool:
    """Tell whether an entry, as feedparser returns it, is of a WordPress export."""
    return bool(entry.get("wp_post_type"))


def unpublished(entry: Any) -> str:
    """Return why visitors of the site do not see the entry as a text of its own ("": they do).

    Published posts and pages are seen. Attachments, revisions, menus and other types are not, nor
    is a post that needs a password.
    """
    kind, state = entry.get("wp_post_type"), entry.get("wp_status") or "publish"
    if kind not in _PUBLISHED_TYPES:
        return f"items of the type {kind}"
    if state != "publish":
        return _STATES.get(state, f"posts with the status {state}")
    return "password-protected posts" if entry.get("wp_post_password") else ""
