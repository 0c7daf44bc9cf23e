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
_SUBJECTS = ("tags", "tag", "categories", "category", "keywords")
# Of these, Jekyll separates several in one text by blanks.
_BY_BLANKS = ("tags", "categories")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_NOTHING = ("", "~", "null")


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter by the lower-case names of its fields ({}: none), and the text.

    Values of YAML are texts, lists and mappings. A block that is no mapping stays in the text.

    Raises:
        ValueError: the block is neither YAML nor TOML.
    """
    block = _BLOCK.match(text)
    if block is None:
        return {}, text
    try:
        if block["toml"] is not None:
            found = tomllib.loads(block["toml"].replace("\r\n", "\n"))
        else:
            # This loader makes texts of all values, also of dates that no calendar has.
            found = yaml.load(block["yaml"], Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("not YAML") from error
    if not isinstance(found, dict):
        return {}, text
    return {str(name).lower(): value for name, value in found.items()}, text[block.end() :]


def is_draft(front: dict[str, Any]) -> bool:
    """Return whether a site would not show the page."""
    return _text(front.get("draft")).lower() in _TRUE or (
        _text(front.get("published")).lower() in _FALSE
    )


def front_fields(front: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a document: ``title``, ``date``, ``url`` and ``subjects`` (a list)."""
    # Zola has its subjects in a table of their own.
    taxonomies = front.get("taxonomies")
    front = {**(taxonomies if isinstance(taxonomies, dict) else {}), **front}
    fields: dict[str, Any] = {name: _text(front.get(name)) for name in ("title", "date", "url")}
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
