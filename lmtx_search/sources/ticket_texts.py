"""The texts of tickets and their comments: plain, HTML, or of Jira's editor."""

from __future__ import annotations

from html import unescape

from lmtx_search.sources.html_text import html_text
from lmtx_search.sources.jira_editor import editor_text

_PLAIN = ("plain_body", "body", "text")
_HTML = "html_body"


def text_of(value: object) -> str:
    """Return the text of a value: plain, HTML, a comment, or a document of Jira's editor."""
    if isinstance(value, dict):
        if "content" in value and "type" in value and isinstance(value["content"], list):
            return editor_text(value)
        for name in (*_PLAIN, _HTML, "value"):
            if value.get(name):
                text = text_of(value[name])
                is_html = "html" in str(value.get("content_type", "")) or name == _HTML
                # Zendesk writes such entities into its plain texts.
                plain = text.replace("&nbsp;", " ") if name == "plain_body" else text
                return html_text(text) if is_html else plain
        return ""
    return str(value).strip() if value is not None else ""


def is_text_of(comment: object, text: str) -> bool:
    """Return whether a comment has this text in one of its forms, whatever its blanks."""
    if not isinstance(comment, dict):
        return _squashed(text_of(comment)) == _squashed(text)
    forms = [text_of(comment), *(str(comment.get(name) or "") for name in _PLAIN)]
    forms.append(html_text(str(comment.get(_HTML) or "")))
    return bool(text.strip()) and _squashed(text) in map(_squashed, forms)


def _squashed(text: str) -> str:
    return " ".join(unescape(text).split())
