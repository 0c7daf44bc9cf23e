"""Reads settings from their sources; a wrong value is an error of one line."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource

from lmtx_search.errors import UserError
from lmtx_search.settings.model import ENV_PREFIX, ENV_RESERVED, FILE_NAME, Settings


@dataclass(frozen=True, slots=True)
class SettingsWithOrigins:
    """Settings, and where each value came from.

    ``origins`` maps dotted keys (``opensearch.url``) to an origin: "file lmtx-search.toml",
    "environment LMTX_OPENSEARCH_URL", "flag" or "embedded servers". A default has no entry.
    """

    settings: Settings
    origins: Mapping[str, str]


def load_settings(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings from all sources; a later source wins over an earlier one.

    The sources are, in this order: defaults, the servers that ``lmtx-search up`` started, the
    settings file, LMTX_* variables and flags.

    Args:
        file: the settings file; None: ``lmtx-search.toml`` in the current folder, if it exists.
        flags: values by dotted key (``opensearch.url``); None values are ignored.

    Raises:
        UserError: an unknown key or a wrong value, in one line that names its origin.

    Examples:
        >>> from lmtx_search import load_settings
        >>> load_settings(flags={"opensearch.url": "https://search.example:9200"}).opensearch.url
        'https://search.example:9200'
    """
    return load_settings_with_origins(file, flags).settings


def load_settings_with_origins(
    file: Path | None = None, flags: Mapping[str, Any] | None = None, *, read_file: bool = True
) -> SettingsWithOrigins:
    """Return the settings as :func:`load_settings` does, and the origin of each value.

    Args:
        read_file: False leaves the settings file out.

    Raises:
        UserError: as :func:`load_settings`.
    """
    path = file or Path(FILE_NAME)
    if read_file and file is not None and not file.is_file():
        raise UserError(f"no settings file {file}: create it or leave out --config")
    layers = [
        (f"file {path}", _flatten(_read_file(path)) if read_file and path.is_file() else {}),
        ("environment", _read_environment()),
        ("flag", {key: value for key, value in (flags or {}).items() if value is not None}),
    ]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        for key in _replaced(layer):
            values.pop(key, None)
            origins.pop(key, None)
        for key, value in layer.items():
            values[key] = value
            origins[key] = f"environment {_variable(key)}" if origin == "environment" else origin
            if _is_empty(key, value):
                raise UserError(f"{origin}: {key} is empty: leave it out, or give it a value")
    settings = _validate(values, origins)
    embedded = _embedded_defaults(settings.data_dir)
    for key in _replaced(values):
        embedded.pop(key, None)
    for key, value in embedded.items():
        if key not in values:
            values[key], origins[key] = value, "embedded servers"
    return SettingsWithOrigins(_validate(values, origins), origins)


def _replaced(layer: Mapping[str, Any]) -> list[str]:
    """Return the settings of an earlier source that a layer's values replace, besides their own.

    Each of the two says where the cluster is.
    """
    pairs = (("opensearch.url", "opensearch.urls"), ("opensearch.urls", "opensearch.url"))
    return [other for given, other in pairs if given in layer and other not in layer]


def flat_settings(settings: Settings) -> dict[str, Any]:
    """Return every setting by its dotted key; passwords and tokens are hidden."""
    return _flatten(settings.model_dump(mode="json"))


def embedded_state_file(data_dir: Path) -> Path:
    """Return the file in which ``lmtx-search up`` records its servers."""
    return data_dir / "embedded" / "servers.json"


def _embedded_defaults(data_dir: Path) -> dict[str, Any]:
    """Return the addresses of the servers that ``lmtx-search up`` started for this data folder."""
    try:
        recorded = json.loads(embedded_state_file(data_dir).read_text())["settings"]
        return {key: value for key, value in recorded.items() if value is not None}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}  # there is none, or it is damaged, and `up` writes another one


def _variable(key: str) -> str:
    return ENV_PREFIX + key.replace(".", "_").upper()


def _read_file(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        # Some editors put a byte order mark before the text.
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} is not valid TOML: {error} (`lmtx-search init --force` writes a new one)"
        ) from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def _read_environment() -> dict[str, Any]:
    known = {_variable(key) for key in _keys(Settings)}
    for name in os.environ:
        if is_setting(name) and name not in known:
            raise UserError(f"unknown variable {name}: `lmtx-search config` lists what can be set")
    found = _flatten(EnvSettingsSource(Settings)())
    # In a shell or a compose file, an empty variable is the usual form of one that is not set.
    return {key: value for key, value in found.items() if not _is_empty(key, value)}


# Lists that may be empty; no variable could empty that of a settings file otherwise.
_LISTS = ("documents.label_bands", "ui.editors", "ui.hosts", "ui.proxies", "ui.tokens")


def _is_empty(key: str, value: object) -> bool:
    """Tell whether a value is an empty text that stands for none.

    An empty prompt means no prompt. Some lists may be empty too: then nobody may decide
    (``ui.editors``).
    """
    return value == "" and not key.endswith("_prompt") and key not in _LISTS


def is_setting(name: str) -> bool:
    """Tell whether a variable of the environment sets a setting, known or not."""
    return name.startswith(ENV_PREFIX) and not name.startswith(ENV_RESERVED)


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _validate(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *sections, name = key.split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
            if not isinstance(node, dict):
                raise UserError(f"{origins[key]}: {section} is a section, not a value")
        node[name] = value
    try:
        return Settings(**tree)
    except ValidationError as error:
        raise UserError(_one_line(error, origins)) from error


def _one_line(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"]]
    key = ".".join(parts)
    origin = next(
        (
            origin
            for known, origin in origins.items()
            if known == key or key.startswith(f"{known}.") or known.startswith(f"{key}.")
        ),
        "settings",
    )
    if first["type"] == "extra_forbidden":
        return f"{origin}: unknown setting {key}; `lmtx-search config` lists what can be set"
    if first["type"] == "model_type":
        return f"{origin}: {key} is a section, not a value"
    message = first["msg"].removeprefix("Value error, ")
    return f"{origin}: {key} = {_shown(key, first['input'])}: {message}"


def _shown(key: str, value: object) -> str:
    """Return a wrong value without its secrets: errors end up in logs."""
    if key.endswith(("password", "token", "api_key")) or ".tokens" in key:
        return "…"
    shown = repr(str(value) if isinstance(value, Path) else value)
    return re.sub(r"[^/'\"]*@", "…@", shown)
