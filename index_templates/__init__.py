"""Every JSON body that goes to the cluster, as files, and the functions that read them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

_PLACEHOLDER = re.compile(r"\$([a-z][a-z0-9_]*)\Z")


def load(name: str, **params: Any) -> dict[str, Any]:
    """Read ``<name>.json`` and fill its placeholders in.

    A placeholder is a whole JSON string, ``"$dimension"``, as a value (replaced by any JSON value)
    or as a key (replaced by a string). It is filled in on the parsed document, so that no value
    can break out of its place.

    Raises:
        ValueError: a placeholder has no parameter, or a parameter no placeholder.
    """
    unused = set(params)
    body = _fill(_parsed(name), params, unused)
    if unused:
        raise ValueError(f"index_templates/{name}.json has no place for {sorted(unused)}")
    assert isinstance(body, dict)
    return body


@functools.cache
def _parsed(name: str) -> Any:
    return json.loads(text(f"{name}.json"))


def text(name: str) -> str:
    """Read a file as text, for instance ``pipelines/tags.painless``."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _fill(node: Any, params: Mapping[str, Any], unused: set[str]) -> Any:
    if isinstance(node, dict):
        return {_fill(k, params, unused): _fill(v, params, unused) for k, v in node.items()}
    if isinstance(node, list):
        return [_fill(item, params, unused) for item in node]
    if isinstance(node, str) and (match := _PLACEHOLDER.match(node)):
        name = match[1]
        if name not in params:
            raise ValueError(f"the placeholder ${name} has no value")
        unused.discard(name)
        return params[name]
    return node
