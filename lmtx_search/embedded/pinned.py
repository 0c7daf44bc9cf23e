"""Names, versions and digests of other downloads, from data files."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def pinned(file: str, name: str) -> dict[str, Any]:
    """Return one entry of ``models.json`` or ``ollama.json``."""
    value = json.loads(files("lmtx_search.embedded").joinpath(file).read_text())[name]
    assert isinstance(value, dict)
    return value
