"""The front matter of Markdown and HTML files: a block of YAML or TOML before the text."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BLOCK = re.compile(
    r"(?:---[ \t]*\r?\n(?P<yaml>.*?)^(?:---|\.\.\.)|\+\+\+[ \t]*\r?\n(?P<toml>.*?)^\+\+\+)"
    r"[ \t]*(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
# That of libyaml where it is there, because it is faster. Both make texts of all values, also of
# dates that no calendar has.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SUBJECTS = ("tags", "tag", "categories", "category", "keywords")
_FIELDS = ("title", "date", "url", "description", "summary")
# Text between two rules is no front matter, even if it looks like YAML.
_KNOWN = {
    *(*_SUBJECTS, *_FIELDS, "taxonomies", "draft", "published", "layout", "slug", "permalink"),
    *("author", "authors", "lang", "language", "aliases", "subtitle", "lastmod", "updated", "id"),
}
# Of these, Jekyll separates several in one text by blanks.
_BY_BLANKS = ("tags", "categories")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_NOTHING = ("", "~", "null")


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter by the lower-case names of its fields ({}: none), and the text.

    Values of YAML are texts, lists and mappings. A block stays in the text if it is no mapping,
    begins with an empty line or has no field that sites use.

    Raises:
        ValueError: the block is neither YAML nor TOML.
    """
    block = _BLOCK.match(text)
    if block is None or not (block["yaml"] or block["toml"] or "").partition("\n")[0].strip():
        return {}, text
    try:
        if block["toml"] is not None:
            found = tomllib.loads(block["toml"].replace("\r\n", "\n"))
        else:
            found = yaml.load(block["yaml"], Loader=_LOADER)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("not YAML") from error
    front = found if isinstance(found, dict) else {}
    front = {str(name).lower(): value for name, value in front.items()}
    return (front, text[block.end() :]) if _KNOWN & front.keys() else ({}, text)


def is_draft(front: dict[str, Any]) -> bool:
    """Return whether a site would not show the page."""
    return _text(front.get("draft")).lower() in _TRUE or (
        _text(front.get("published")).lower() in _FALSE
    )


def front_fields(front: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a document.

    These are ``title``, ``date``, ``url``, ``description``, ``summary`` and ``subjects`` (a list).
    """
    # Zola has its subjects in a table of their own.
    taxonomies = front.get("taxonomies")
    front = {**(taxonomies if isinstance(taxonomies, dict) else {}), **front}
    fields: dict[str, Any] = {name: _text(front.get(name)) for name in _FIELDS}
    subjects = (one for name in _SUBJECTS for one in _listed(name, front.get(name)))
    fields["subjects"] = list(dict.fromkeys(subjects))
    return {name: value for name, value in fields.items() if value}


def _listed(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and ("," in value or name in _BY_BLANKS):
        value = value.split("," if "," in value else None)
    for one in value if isinstance(value, list) else [value]:
        # Obsidian also writes the sign of a tag.
        if text := _text(one).lstrip("#"):
            yield text


def _text(value: Any) -> str:
    """Return a value on one line; nothing for lists, mappings and empty values."""
    if value is None or isinstance(value, dict | list):
        return ""
    text = " ".join(str(value).split())
    return "" if text.lower() in _NOTHING else text
