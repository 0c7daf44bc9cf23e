"""Compares an object on the cluster with the body that the product needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def holds(actual: Any, wanted: Any) -> bool:
    """Return whether every leaf of ``wanted`` is in ``actual``, which may hold more.

    OpenSearch returns settings as text and under ``index``, even if they were sent without it.
    """
    if isinstance(wanted, Mapping):
        if not isinstance(actual, Mapping):
            return False
        return all(
            key in actual and _member(key, actual[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(actual, list) and list(map(_text, actual)) == list(map(_text, wanted))
    return _text(actual) == _text(wanted)


def _member(key: str, actual: Any, wanted: Any) -> bool:
    if key == "settings":
        return holds(_flat(actual), _flat(wanted))
    return holds(actual, wanted)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            name = prefix + key
            flat[name if name.startswith("index.") else f"index.{name}"] = value
    return flat


def _text(value: Any) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
